//! What passed, failed and was skipped, and the one line that says so.

use std::fmt;

/// The counts of a run.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) passed: usize,
    pub(crate) failed: Vec<String>,
    /// Each with its reason.
    pub(crate) skipped: Vec<(String, String)>,
}

impl Tally {
    pub(crate) fn fail(&mut self, name: &str) {
        self.failed.push(name.to_owned());
    }

    pub(crate) fn skip(&mut self, name: &str, reason: &str) {
        self.skipped.push((name.to_owned(), reason.to_owned()));
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed.extend(other.failed);
        self.skipped.extend(other.skipped);
    }

    /// What failed, and each skip with its reason, for the lines above the summary.
    pub(crate) fn details(&self) -> String {
        let failed = self.failed.iter().map(|name| format!("failed   {name}\n"));
        let skipped =
            self.skipped.iter().map(|(name, reason)| format!("skipped  {name}: {reason}\n"));
        failed.chain(skipped).collect()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (failed, skipped) = (self.failed.len(), self.skipped.len());
        write!(f, "{} passed, {failed} failed, {skipped} skipped", self.passed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_counts_and_the_details_name() {
        let mut tally = Tally { passed: 3, ..Tally::default() };
        tally.fail("tidy");
        tally.skip("deny", "not installed");
        assert_eq!(tally.to_string(), "3 passed, 1 failed, 1 skipped");
        assert_eq!(tally.details(), "failed   tidy\nskipped  deny: not installed\n");
    }
}
