//! The table of bare exchanges (`xtask/stdio.json`): read, multiplied out, compared with what both ends say.

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;

use super::{BOSS, PASSWORD, STRANGER, USER, WRONG, talk};

/// Rows that differ only in what their lists name: each combination is one exchange.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    /// Why these rows are there; for readers of the file.
    #[serde(rename = "why")]
    _why: String,
    peer: Vec<Name>,
    /// Which half is ours.
    ours: Vec<Half>,
    mechanism: Vec<String>,
    case: Vec<Case>,
    /// The type of the channel binding that is given to both.
    binding: Option<String>,
    /// The security layer that both are to negotiate.
    layer: Option<Layer>,
    /// Our reason to refuse, or to fail, where that is not about the credentials.
    code: Option<String>,
    /// Why the right credentials fail, or others don't, where that is theirs.
    hole: Option<String>,
    /// Why these rows cannot be played.
    skip: Option<String>,
}

/// Whose program is at the other end.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Name {
    /// The sample programs.
    Cyrus,
    Gsasl,
    /// The library behind gsasl.
    Libgsasl,
    /// The library behind the sample programs.
    Libsasl,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Half {
    Client,
    Server,
}

/// Who wants to come in.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Case {
    /// The user, as somebody else, which is allowed.
    Acts,
    /// The user, as somebody else, which is not.
    Forbidden,
    /// The user, on another channel.
    Foreign,
    /// The user, who is asked for the device's next code, too.
    Next,
    /// The user, who is asked for a new PIN, too.
    Pin,
    /// The user.
    Right,
    /// Nobody that the server knows.
    Unknown,
    /// Somebody who does not know the user's secret.
    Wrong,
}

/// A security layer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Layer {
    /// What ours is told: `integrity`, `confidentiality`, `any`.
    pub(super) ours: String,
    /// What theirs is told: the most bits, 1 for integrity alone.
    pub(super) theirs: u16,
    /// The strength that has to come of it.
    pub(super) strength: u16,
}

/// One exchange.
#[derive(Clone)]
pub(super) struct Row {
    pub(super) peer: Name,
    pub(super) ours: Half,
    pub(super) mechanism: String,
    pub(super) case: Case,
    pub(super) binding: Option<String>,
    pub(super) layer: Option<Layer>,
    pub(super) code: Option<String>,
    pub(super) hole: Option<String>,
    pub(super) skip: Option<String>,
}

/// What both ends say in the end.
pub(super) struct Ends {
    /// Our exit status.
    pub(super) status: i32,
    /// Our JSON.
    pub(super) ours: Value,
    /// Whether theirs is content.
    pub(super) theirs: bool,
    /// Whom theirs has let in, where it says so.
    pub(super) name: Option<String>,
    /// What ours should have heard inside the layer.
    pub(super) said: Option<&'static str>,
}

impl Name {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Cyrus => "cyrus",
            Self::Gsasl => "gsasl",
            Self::Libgsasl => "libgsasl",
            Self::Libsasl => "libsasl",
        }
    }
}

impl Half {
    pub(super) fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

impl Case {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Acts => "acts",
            Self::Forbidden => "forbidden",
            Self::Foreign => "foreign",
            Self::Next => "next",
            Self::Pin => "pin",
            Self::Right => "right",
            Self::Unknown => "unknown",
            Self::Wrong => "wrong",
        }
    }
}

impl Row {
    pub(super) fn variant(&self) -> String {
        let layer = self.layer.as_ref().map(|it| format!("{}/{}", it.ours, it.theirs));
        let words: Vec<_> = self.binding.iter().cloned().chain(layer).collect();
        if words.is_empty() { "-".to_owned() } else { words.join(" ") }
    }

    pub(super) fn name(&self) -> String {
        let (peer, ours, case) = (self.peer.text(), self.ours.text(), self.case.text());
        format!("{peer}, our {ours}, {} {} {case}", self.mechanism, self.variant())
    }

    /// Whether the client has to come in.
    pub(super) fn comes_in(&self) -> bool {
        let good = matches!(self.case, Case::Acts | Case::Next | Case::Pin | Case::Right);
        good == self.hole.is_none()
    }

    /// All that differs between what was expected and what came; empty where the row is met.
    pub(super) fn differences(&self, ends: &Ends) -> Vec<String> {
        let expected = if self.comes_in() { self.success(ends) } else { self.failure(ends) };
        expected
            .into_iter()
            .filter(|(_, got, expected)| got != expected)
            .map(|(what, got, expected)| format!("expected {what} {expected}, got {got}"))
            .collect()
    }

    /// What, as it came, and as it should have.
    fn success(&self, ends: &Ends) -> Vec<(&'static str, Value, Value)> {
        let json = &ends.ours;
        let nobody = self.mechanism == "ANONYMOUS";
        let strength = self.layer.as_ref().map(|it| it.strength).filter(|it| *it > 0);
        let mut all = vec![
            ("our status", ends.status.into(), 0.into()),
            ("theirs content", ends.theirs.into(), true.into()),
            ("strength", json["security_layer"]["strength"].clone(), strength.into()),
            ("binding", json["channel_binding"].clone(), self.binding.as_deref().into()),
        ];
        if !nobody {
            all.push(("authentication_id", json["authentication_id"].clone(), self.user().into()));
            // Some clients say that they act as themselves.
            let other = json["authorization_id"].as_str().filter(|it| *it != self.user());
            all.push(("authorization_id", other.into(), self.acting().into()));
        }
        if let Some(said) = ends.said {
            all.push(("heard", json["received"].clone(), vec![said].into()));
        }
        if let Some(name) = &ends.name {
            let name = name.split('@').next().unwrap_or_default();
            let user = self.acting().unwrap_or(self.user());
            let expected = if nobody { "anonymous" } else { user };
            all.push(("their name", name.into(), expected.into()));
        }
        all
    }

    /// The same of a row that has to end badly.
    fn failure(&self, ends: &Ends) -> Vec<(&'static str, Value, Value)> {
        let mut all = vec![("theirs content", ends.theirs.into(), false.into())];
        match self.ours {
            Half::Client if talk::last_words(&self.mechanism).is_some() => {
                all.push(("our client content", (ends.status == 0).into(), false.into()));
            }
            // Nobody has told it.
            Half::Client => {}
            Half::Server => {
                all.push(("our server lets in", (ends.status == 0).into(), false.into()));
            }
        }
        if let Some(code) = self.code.as_deref().or(self.refusal()) {
            all.push(("our code", ends.ours["error"]["code"].clone(), code.into()));
        }
        all
    }

    /// Whether it takes Kerberos.
    pub(super) fn needs_ticket(&self) -> bool {
        self.mechanism.starts_with("GS")
    }

    /// Who wants to come in.
    pub(super) fn user(&self) -> &'static str {
        if self.case == Case::Unknown { STRANGER } else { USER }
    }

    /// What they know.
    pub(super) fn password(&self) -> &'static str {
        if self.case == Case::Wrong { WRONG } else { PASSWORD }
    }

    /// As whom the user acts.
    pub(super) fn acting(&self) -> Option<&'static str> {
        matches!(self.case, Case::Acts | Case::Forbidden).then_some(BOSS)
    }

    /// Why our server refuses.
    fn refusal(&self) -> Option<&'static str> {
        match self.case {
            _ if self.hole.is_some() || self.ours == Half::Client => None,
            Case::Forbidden => Some("authorization-denied"),
            // A client without a ticket has nothing to say.
            Case::Wrong if self.needs_ticket() => Some("end-of-input"),
            Case::Acts | Case::Foreign | Case::Next | Case::Pin | Case::Right => None,
            Case::Unknown | Case::Wrong => Some("invalid-credentials"),
        }
    }
}

/// What came, in a few words.
pub(super) fn summary(ends: &Ends) -> String {
    let ours = match &ends.ours["error"]["code"] {
        Value::String(code) => code.clone(),
        _ => ends.ours["result"].as_str().unwrap_or("nothing").to_owned(),
    };
    format!("{ours}; theirs {}", if ends.theirs { "in" } else { "out" })
}

/// Reads the table.
pub(super) fn parse(text: &str) -> Result<Vec<Row>> {
    let groups: Vec<Group> = serde_json::from_str(text).context("xtask/stdio.json")?;
    Ok(groups.iter().flat_map(rows).collect())
}

fn rows(group: &Group) -> Vec<Row> {
    let mut rows = Vec::new();
    for peer in &group.peer {
        for ours in &group.ours {
            for mechanism in &group.mechanism {
                for case in &group.case {
                    rows.push(Row {
                        peer: *peer,
                        ours: *ours,
                        mechanism: mechanism.clone(),
                        case: *case,
                        binding: group.binding.clone(),
                        layer: group.layer.clone(),
                        code: group.code.clone(),
                        hole: group.hole.clone(),
                        skip: group.skip.clone(),
                    });
                }
            }
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(ours: &str, case: &str) -> Row {
        let text = format!(
            r#"[{{"why": "a test", "peer": ["gsasl"], "ours": ["{ours}"], "mechanism": ["PLAIN"], "case": ["{case}"]}}]"#
        );
        parse(&text).unwrap().remove(0)
    }

    fn ends(status: i32, ours: Value, theirs: bool) -> Ends {
        Ends { status, ours, theirs, name: None, said: None }
    }

    #[test]
    fn both_ends_have_to_agree() {
        let came_in = json!({"result": "authenticated", "authentication_id": "user",
            "authorization_id": null, "channel_binding": null, "security_layer": null, "received": [], "error": null});
        assert!(row("server", "right").differences(&ends(0, came_in.clone(), true)).is_empty());
        assert_eq!(row("server", "right").differences(&ends(0, came_in.clone(), false)).len(), 1);
        assert_eq!(row("server", "wrong").differences(&ends(0, came_in, true)).len(), 3);
        let refused = json!({"result": "refused", "error": {"code": "invalid-credentials"}});
        assert!(row("server", "wrong").differences(&ends(1, refused.clone(), false)).is_empty());
        assert_eq!(row("server", "forbidden").differences(&ends(1, refused, false)).len(), 1);
    }

    #[test]
    fn the_table_is_read() {
        let rows = parse(include_str!("../../../stdio.json")).unwrap();
        assert!(rows.iter().any(|row| row.peer == Name::Cyrus && row.ours == Half::Server));
    }
}
