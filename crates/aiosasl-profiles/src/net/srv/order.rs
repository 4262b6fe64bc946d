//! In which order servers are tried (RFC 2782): by priority, and among equals by chance, as their weights say.

use super::{Place, Record};

/// Orders the records. With `secure_first`, those with TLS from the start come before others of the same priority; else
/// both are one set (XEP-0368). `random` gives a number from 0 to the one that it is given, inclusive.
pub(super) fn order(
    mut records: Vec<Record>,
    secure_first: bool,
    mut random: impl FnMut(u32) -> u32,
) -> Vec<Place> {
    let rank = |it: &Record| (it.priority, secure_first && !it.place.implicit_tls);
    // Those without a weight first, as the choice below wants it.
    records.sort_by_key(|it| (rank(it), it.weight));
    let mut places = Vec::new();
    while let Some(first) = records.first() {
        let best = rank(first);
        let equals = records.iter().take_while(|it| rank(it) == best);
        let sum = equals.clone().map(|it| u32::from(it.weight)).sum();
        let chosen = random(sum);
        let sums = equals.clone().scan(0, |so_far, it| {
            *so_far += u32::from(it.weight);
            Some(*so_far)
        });
        let at = sums.take_while(|so_far| *so_far < chosen).count();
        let last = equals.count().saturating_sub(1);
        places.push(records.remove(at.min(last)).place);
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(priority: u16, weight: u16, host: &str, implicit_tls: bool) -> Record {
        Record { priority, weight, place: Place { host: host.into(), port: 1, implicit_tls } }
    }

    fn ordered(records: &[Record], secure_first: bool, random: impl FnMut(u32) -> u32) -> String {
        let places = order(records.to_vec(), secure_first, random);
        places.into_iter().map(|it| it.host).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn priority_comes_first_and_weight_decides_among_equals() {
        let records = [
            record(20, 0, "last", false),
            record(10, 60, "heavy", false),
            record(10, 40, "light", true),
        ];
        assert_eq!(ordered(&records, false, |_| 0), "light heavy last");
        assert_eq!(ordered(&records, false, |sum| sum), "heavy light last");
        assert_eq!(ordered(&records, false, |_| 41), "heavy light last");
        assert_eq!(ordered(&records, false, |_| 40), "light heavy last");
    }

    #[test]
    fn among_equals_mail_prefers_tls_from_the_start() {
        let records = [
            record(10, 100, "starttls", false),
            record(10, 0, "implicit", true),
            record(0, 0, "preferred", false),
        ];
        assert_eq!(ordered(&records, true, |sum| sum), "preferred implicit starttls");
    }

    #[test]
    fn a_number_out_of_range_loses_nobody() {
        let records = [record(0, 0, "a", false), record(0, 0, "b", false)];
        assert_eq!(ordered(&records, false, |_| u32::MAX), "b a");
        assert_eq!(ordered(&[], false, |_| 0), "");
    }
}
