//! The vectors' files, and the ledger of what was played.

use std::{collections::BTreeSet, fs, path::PathBuf};

use serde_json::Value;

/// Who plays the files that are not played here: a test file, and what it must mention.
const ELSEWHERE: &[(&str, &str)] = &[
    ("precis.json", "crates/aiosasl/tests/prep.rs"),
    ("saslprep.json", "crates/aiosasl/tests/prep.rs"),
    ("stringprep_tables.json", "crates/aiosasl/src/prep/stringprep.rs"),
    ("profiles.json", "crates/aiosasl-profiles/tests"),
];

/// The files that are played here, and by which room.
const HERE: &[(&str, &str)] = &[
    ("anonymous.json", "one_message"),
    ("base64.json", "words"),
    ("channel_binding.json", "bindings"),
    ("external.json", "one_message"),
    ("mechname.json", "words"),
    ("plain.json", "one_message"),
    ("scram.json", "scram, scram_parts"),
    ("scram_storage.json", "scram_parts"),
];

/// One vector file, and which of its entries were played.
pub(crate) struct Vectors {
    file: &'static str,
    pub(crate) all: Value,
    sections: &'static [&'static str],
    played: BTreeSet<String>,
}

impl Vectors {
    /// Opens a file; these sections of it have to be played before it is closed.
    pub(crate) fn open(file: &'static str, sections: &'static [&'static str]) -> Self {
        let text =
            fs::read_to_string(root().join("vectors").join(file)).expect("the file is there");
        let all = serde_json::from_str(&text).expect("the file is JSON");
        Self { file, all, sections, played: BTreeSet::new() }
    }

    /// The entries of a section.
    pub(crate) fn section(&self, section: &str) -> Vec<Value> {
        self.all[section].as_array().unwrap_or_else(|| panic!("{}: {section}", self.file)).clone()
    }

    /// Notes that the entry of a section was played.
    pub(crate) fn played(&mut self, section: &str, at: usize) {
        self.played.insert(format!("{section}[{at}]"));
    }

    /// Fails where an entry was not played; says how many were.
    pub(crate) fn close(self) {
        let mut expected = BTreeSet::new();
        for section in self.sections {
            let len = self.section(section).len();
            expected.extend((0..len).map(|at| format!("{section}[{at}]")));
        }
        let missing: Vec<_> = expected.difference(&self.played).collect();
        assert!(missing.is_empty(), "{}: nobody plays {missing:?}", self.file);
        println!("{}: {} vectors played", self.file, self.played.len());
    }
}

/// The repository.
fn root() -> PathBuf {
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
fn every_file_has_a_player() {
    let mut known: BTreeSet<&str> = HERE.iter().map(|(file, _)| *file).collect();
    for (file, player) in ELSEWHERE {
        known.insert(file);
        let path = root().join(player);
        let sources = if path.is_dir() { rust_files(&path) } else { vec![path] };
        let stem = file.strip_suffix(".json").expect("a JSON file");
        let mentions =
            |path: &PathBuf| fs::read_to_string(path).is_ok_and(|text| text.contains(stem));
        assert!(sources.iter().any(mentions), "{player} does not play {file}");
    }
    let files = fs::read_dir(root().join("vectors")).expect("the folder is there");
    for file in files {
        let name = file.expect("a file").file_name().into_string().expect("UTF-8");
        assert!(known.contains(name.as_str()), "nobody plays vectors/{name}");
    }
}

fn rust_files(folder: &PathBuf) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|it| it == "rs") {
            found.push(path);
        }
    }
    found
}
