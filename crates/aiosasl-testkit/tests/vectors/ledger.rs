//! One file of vectors, and the ledger of what of it was played.

use std::{collections::BTreeSet, fs, path::PathBuf};

use serde_json::Value;

/// One vector file, and which of its entries were played.
pub(crate) struct Vectors {
    file: &'static str,
    pub(crate) all: Value,
    played: BTreeSet<String>,
}

impl Vectors {
    /// Opens a file; whatever stands in it has to be played before it is closed.
    pub(crate) fn open(file: &'static str) -> Self {
        let path = root().join("vectors").join(file);
        let text = fs::read_to_string(path).expect("the file is there");
        let all = serde_json::from_str(&text).expect("the file is JSON");
        Self { file, all, played: BTreeSet::new() }
    }

    /// The entries of a section, or of a section's section: `fake_salt.cases`.
    pub(crate) fn section(&self, section: &str) -> Vec<Value> {
        let found = section.split('.').fold(&self.all, |within, name| &within[name]);
        found.as_array().unwrap_or_else(|| panic!("{}: {section}", self.file)).clone()
    }

    /// Notes that the entry of a section was played.
    pub(crate) fn played(&mut self, section: &str, at: usize) {
        self.note(format!("{section}[{at}]"));
    }

    /// Notes that a section that is one vector was played.
    pub(crate) fn played_whole(&mut self, section: &str) {
        self.note(section.to_owned());
    }

    /// Fails where an entry was not played; how many were.
    pub(crate) fn close(self) -> usize {
        let expected = entries("", &self.all);
        let missing: Vec<_> = expected.difference(&self.played).collect();
        assert!(missing.is_empty(), "{}: nobody plays {missing:?}", self.file);
        let invented: Vec<_> = self.played.difference(&expected).collect();
        assert!(invented.is_empty(), "{}: there is no {invented:?}", self.file);
        self.played.len()
    }

    fn note(&mut self, entry: String) {
        assert!(!self.played.contains(&entry), "{}: {entry} is played twice", self.file);
        self.played.insert(entry);
    }
}

/// What has to be played: each entry of a list; each list and object in an object, or, where there is none, the object
/// itself.
fn entries(path: &str, value: &Value) -> BTreeSet<String> {
    let Some(fields) = value.as_object() else { return BTreeSet::new() };
    let mut found = BTreeSet::new();
    for (name, value) in fields {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match value {
            Value::Array(list) => found.extend((0..list.len()).map(|at| format!("{path}[{at}]"))),
            Value::Object(_) => {
                let inner = entries(&path, value);
                if inner.is_empty() {
                    found.insert(path)
                } else {
                    found.extend(inner);
                    true
                };
            }
            _ => {}
        }
    }
    found
}

/// The repository.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The octets of `{"b64": ...}`, or of `{"repeat": {prefix, unit, count, suffix}}`.
pub(crate) fn octets(value: &Value) -> Vec<u8> {
    match &value["repeat"] {
        Value::Null => aiosasl::encoding::decode(text(&value["b64"])).expect("base64"),
        repeat => {
            let count =
                usize::try_from(repeat["count"].as_u64().expect("a number")).expect("small");
            let middle = text(&repeat["unit"]).repeat(count);
            [text(&repeat["prefix"]), &middle, text(&repeat["suffix"])].concat().into_bytes()
        }
    }
}

/// Octets from hexadecimal digits.
pub(crate) fn hex(value: &Value) -> Vec<u8> {
    let digits = text(value).as_bytes();
    let pair = |pair: &[u8]| {
        u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16).expect("hex")
    };
    digits.chunks(2).map(pair).collect()
}

/// A string.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("expected a string, found {value}"))
}

#[test]
fn all_that_stands_in_a_file_has_to_be_played() {
    let file = serde_json::json!({
        "mechanism": "X", "valid": [{}, {}], "none": [],
        "fake": { "secret": "s", "cases": [{}], "other": { "name": "n" } },
        "single": { "id": "one" },
    });
    let expected =
        ["fake.cases[0]", "fake.other", "single", "valid[0]", "valid[1]"].map(str::to_owned);
    assert_eq!(entries("", &file), expected.into());
}
