#!/usr/bin/env python3
"""Writes the Unicode tables of the string preparation room.

    python3 crates/aiosasl/tables/generate.py           # write the tables
    python3 crates/aiosasl/tables/generate.py --check   # fail if they differ from what would be written

- src/prep/tables.rs: Unicode 3.2, for SASLprep and the "trace" profile. The tables of RFC 3454 come from
  vectors/stringprep_tables.json, the data of NFKC from `unicodedata.ucd_3_2_0`.
- src/prep/tables_precis.rs: Unicode 14.0.0, for the PRECIS profiles. The derived properties (RFC 8264
  section 8), bidirectional classes and the data of NFC come from `unicodedata`; scripts, joining types and
  the like, which `unicodedata` lacks, from properties.json beside this file (see properties.pl).

Standard library only; needs a Python whose `unicodedata` is at 14.0.0 (Python 3.11), and stops
if it is not. The same input makes the same bytes.
"""

import json
import pathlib
import sys
import unicodedata

HERE = pathlib.Path(__file__).resolve().parent
PREP = HERE.parent / "src" / "prep"
STRINGPREP = HERE.parent.parent.parent / "vectors" / "stringprep_tables.json"

WIDTH = 100
SURROGATES = range(0xD800, 0xE000)
HANGUL_SYLLABLES = range(0xAC00, 0xD7A4)
CODE_POINTS = [c for c in range(0x110000) if c not in SURROGATES]


# ---- what is known

def decompositions(ucd, form):
    """Full decompositions, by code point; Hangul syllables are left to arithmetic."""
    found = {}
    for c in CODE_POINTS:
        text = ucd.normalize(form, chr(c))
        if text != chr(c) and c not in HANGUL_SYLLABLES:
            found[c] = text
    return found


def combining_classes(ucd):
    return runs(ucd.combining(chr(c)) for c in range(0x110000))


def compositions(ucd):
    """Primary composites: (first, second) -> composite, the composition exclusions left out."""
    found = {}
    for c in CODE_POINTS:
        parts = ucd.decomposition(chr(c)).split()
        if len(parts) != 2 or parts[0].startswith("<") or ucd.normalize("NFC", chr(c)) != chr(c):
            continue
        first, second = (int(part, 16) for part in parts)
        assert ucd.combining(chr(c)) == 0 and (first, second) not in found
        found[first, second] = c
    return found


def precis_property(c, properties):
    """The derived property (RFC 8264 section 8), in the order in which that section asks."""
    char, category = chr(c), unicodedata.category(chr(c))
    noncharacter = 0xFDD0 <= c <= 0xFDEF or c & 0xFFFE == 0xFFFE
    if c in EXCEPTIONS:
        return EXCEPTIONS[c]
    if category == "Cn" and not noncharacter:
        return "UNASSIGNED"
    if 0x21 <= c <= 0x7E:
        return "VALID"
    if c in (0x200C, 0x200D):
        return "CONTEXT"
    if c in properties["Hangul_Syllable_Type=L,V,T"]:
        return "DISALLOWED"
    if noncharacter or c in properties["Default_Ignorable_Code_Point"]:
        return "DISALLOWED"
    if category == "Cc":
        return "DISALLOWED"
    if unicodedata.normalize("NFKC", char) != char:
        return "FREEFORM"
    if category in ("Ll", "Lu", "Lo", "Nd", "Lm", "Mn", "Mc"):
        return "VALID"
    if category in ("Lt", "Nl", "No", "Me") or category == "Zs" or category[0] in "SP":
        return "FREEFORM"
    return "DISALLOWED"


# RFC 8264 section 9.6.
EXCEPTIONS = {
    **dict.fromkeys((0xDF, 0x3C2, 0x6FD, 0x6FE, 0xF0B, 0x3007), "VALID"),
    **dict.fromkeys((0xB7, 0x375, 0x5F3, 0x5F4, 0x30FB), "CONTEXT"),
    **dict.fromkeys(range(0x660, 0x66A), "CONTEXT"),
    **dict.fromkeys(range(0x6F0, 0x6FA), "CONTEXT"),
    **dict.fromkeys((0x640, 0x7FA, 0x302E, 0x302F, *range(0x3031, 0x3036), 0x303B), "DISALLOWED"),
}

# As far as RFC 5893 section 2 tells them apart; whatever is not named here may stand nowhere.
BIDI = {
    "L": "LEFT", "R": "RIGHT", "AL": "RIGHT", "AN": "ARABIC", "EN": "EUROPEAN", "NSM": "MARK",
    "ES": "NEUTRAL", "CS": "NEUTRAL", "ET": "NEUTRAL", "ON": "NEUTRAL", "BN": "NEUTRAL",
}


def bidi_class(c):
    return BIDI.get(unicodedata.bidirectional(chr(c)), "OTHER")


def widths():
    """Fullwidth and halfwidth code points, and the one that each is mapped to (RFC 8265 section 3.3.1)."""
    found = []
    for c in CODE_POINTS:
        kind, *mapping = unicodedata.decomposition(chr(c)).split() or [""]
        if kind in ("<wide>", "<narrow>"):
            (target,) = mapping
            found.append((c, int(target, 16)))
    return found


def runs(values):
    """Inclusive ranges of equal values other than 0."""
    found = []
    for c, value in enumerate(values):
        if found and found[-1][1] == c - 1 and found[-1][2] == value:
            found[-1][1] = c
        elif value:
            found.append([c, c, value])
    return found


def starts(values):
    """Where each run of equal values starts."""
    found = []
    for c, value in enumerate(values):
        if not found or found[-1][1] != value:
            found.append((c, value))
    return found


def ranges(members):
    return [(start, end) for start, end, _ in runs(c in members for c in range(0x110000))]


# ---- how it is written

def code(c):
    return f"0x{c:04X}" if c < 0x10000 else f"0x{c >> 16:X}_{c & 0xFFFF:04X}"


def char(c):
    return f"'\\u{{{c:X}}}'"


def item(doc, name, kind, elements, visible=True):
    """A constant slice, its elements packed to the width of a line."""
    lines, line = [], "   "
    for element in elements:
        if len(line) + len(element) + 2 > WIDTH:
            lines.append(line)
            line = "   "
        line += f" {element},"
    lines.append(line)
    body = "\n".join(lines)
    scope = "pub(super) " if visible else ""
    return f"/// {doc}\n#[rustfmt::skip]\n{scope}static {name}: &[{kind}] = &[\n{body}\n];\n"


def range_item(doc, name, members):
    return item(doc, name, "(u32, u32)", [f"({code(a)}, {code(b)})" for a, b in members])


def pooled(texts):
    """One string in which every text is found."""
    pool = ""
    for text in sorted(set(texts), key=lambda text: (-len(text), text)):
        if text not in pool:
            pool += text
    return pool


def normalization(form, version, found, classes, composites):
    """The value of type `Data`, and its tables."""
    pool = pooled(found.values())
    keys, offsets = [], []
    for c, text in sorted(found.items()):
        size = len(text.encode())
        offset = len(pool[: pool.index(text)].encode())
        assert size < 0x100 and offset < 0x10000
        keys.append(f"0x{c >> 8:04X}_{c & 0xFF:02X}{size:02X}")
        offsets.append(str(offset))
    lines, line = [], "    "
    for c in pool:
        escaped = c if " " < c <= "~" and c not in "\"\\" else f"\\u{{{ord(c):X}}}"
        if len(line) + len(escaped) + 1 > WIDTH:
            lines.append(line + "\\")
            line = "    "
        line += escaped
    lines.append(line)
    body = "\n".join(lines)
    return f"""\
/// What {form} needs to know of Unicode {version}.
pub(super) static UNICODE: Data = Data {{
    decomposed: DECOMPOSED,
    offsets: OFFSETS,
    text: TEXT,
    classes: CLASSES,
    composites: COMPOSITES,
}};

""" + "\n".join([
        item("What decomposes: code point and, in the low eight bits, how many bytes it becomes.",
             "DECOMPOSED", "u32", keys, visible=False),
        item("Where in `TEXT` the full decomposition of each of `DECOMPOSED` starts.",
             "OFFSETS", "u16", offsets, visible=False),
        f"/// The full decompositions, overlapping wherever they can.\n#[rustfmt::skip]\nstatic TEXT: &str = \"\\\n{body}\\\n    \";\n",
        item("Canonical combining classes other than 0.", "CLASSES", "(u32, u32, u8)",
             [f"({code(a)}, {code(b)}, {value})" for a, b, value in classes], visible=False),
        item("Primary composites: first, second, and what they make.", "COMPOSITES", "(char, char, char)",
             [f"({char(a)}, {char(b)}, {char(c)})" for (a, b), c in sorted(composites.items())], visible=False),
    ])


def tables():
    stringprep = json.loads(STRINGPREP.read_text())["tables"]
    titles = {
        "A.1": "Unassigned code points in Unicode 3.2",
        "B.1": "Commonly mapped to nothing",
        "C.1.2": "Non-ASCII space characters",
        "C.2.1": "ASCII control characters",
        "C.2.2": "Non-ASCII control characters",
        "C.3": "Private use",
        "C.4": "Non-character code points",
        "C.5": "Surrogate codes",
        "C.6": "Inappropriate for plain text",
        "C.7": "Inappropriate for canonical representation",
        "C.8": "Change display properties or are deprecated",
        "C.9": "Tagging characters",
        "D.1": "Characters with bidirectional property \"R\" or \"AL\"",
        "D.2": "Characters with bidirectional property \"L\"",
    }
    ucd = unicodedata.ucd_3_2_0
    parts = [
        head("Unicode 3.2 for SASLprep and \"trace\": the tables of RFC 3454, and the data of NFKC."),
        normalization("NFKC", "3.2", decompositions(ucd, "NFKD"), combining_classes(ucd), compositions(ucd)),
        *(range_item(f"{title} (RFC 3454 table {name}).", name.replace(".", "_"), stringprep[name])
          for name, title in titles.items()),
    ]
    return "\n".join(parts)


def tables_precis():
    known = json.loads((HERE / "properties.json").read_text())
    assert known.pop("unicode") == "14.0.0"
    properties = {name: {c for a, b in found for c in range(a, b + 1)} for name, found in known.items()}
    values = {
        "Property": ("CONTEXT", "DISALLOWED", "FREEFORM", "UNASSIGNED", "VALID"),
        "Direction": ("ARABIC", "EUROPEAN", "LEFT", "MARK", "NEUTRAL", "OTHER", "RIGHT"),
        "Joining": ("DUAL", "LEFT", "RIGHT", "TRANSPARENT"),
    }
    short = {"Property": "P", "Direction": "B", "Joining": "J"}
    names = {(kind, value): short[kind] + value[0] for kind, all_of in values.items() for value in all_of}
    docs = {
        "Property": "What PRECIS says of a code point (RFC 8264 section 8): CONTEXTJ and CONTEXTO\n/// as one, and ID_DIS or FREE_PVAL as `Freeform`.",
        "Direction": "A bidirectional class, as far as RFC 5893 section 2 tells them apart.",
        "Joining": "How a character joins its neighbours, as far as RFC 5892 appendix A.1 asks.",
    }
    vocabulary = "\n".join(
        f"/// {docs[kind]}\n#[derive(Debug, Clone, Copy, PartialEq, Eq)]\npub(super) enum {kind} {{\n"
        + "".join(f"    {value.capitalize()},\n" for value in all_of) + "}\n"
        for kind, all_of in values.items()
    )
    constants = "\n".join(
        f"const {names[kind, value]}: {kind} = {kind}::{value.capitalize()};"
        for kind, all_of in values.items() for value in all_of
    )
    joining = {}
    for kind in ("Dual", "Left", "Right"):
        joining.update(dict.fromkeys(properties[f"Joining_Type={kind}_Joining"], kind.upper()))
    joining.update(dict.fromkeys(properties["Joining_Type=Transparent"], "TRANSPARENT"))
    spaces = {c for c in CODE_POINTS if unicodedata.category(chr(c)) == "Zs" and c != 0x20}
    japanese = properties["Script=Han"] | properties["Script=Hiragana"] | properties["Script=Katakana"]

    def start_item(doc, name, kind, of):
        found = starts(of(c) for c in range(0x110000))
        return item(doc, name, f"(u32, {kind})", [f"({code(c)}, {names[kind, value]})" for c, value in found])

    parts = [
        head("Unicode 14.0.0 for the PRECIS profiles: properties, directions, scripts, and the data of NFC."),
        vocabulary,
        constants + "\n",
        normalization("NFC", "14.0.0", decompositions(unicodedata, "NFD"), combining_classes(unicodedata),
                      compositions(unicodedata)),
        start_item("Where each run of one derived property starts (RFC 8264 section 8).",
                   "PROPERTIES", "Property", lambda c: precis_property(c, properties)),
        start_item("Where each run of one direction starts (RFC 5893 section 2).",
                   "DIRECTIONS", "Direction", bidi_class),
        item("Joining types that RFC 5892 appendix A.1 names.", "JOINING", "(u32, u32, Joining)",
             [f"({code(a)}, {code(b)}, {names['Joining', value]})"
              for a, b, value in runs(joining.get(c) for c in range(0x110000))]),
        item("Fullwidth and halfwidth forms, and what each stands for.", "WIDTHS", "(char, char)",
             [f"({char(a)}, {char(b)})" for a, b in widths()]),
        range_item("Spaces other than U+0020 (general category Zs).", "SPACES", ranges(spaces)),
        range_item("Characters of the Greek script.", "GREEK", known["Script=Greek"]),
        range_item("Characters of the Hebrew script.", "HEBREW", known["Script=Hebrew"]),
        range_item("Characters of the scripts Han, Hiragana and Katakana.", "JAPANESE", ranges(japanese)),
    ]
    return "\n".join(parts)


def head(sentence):
    return (f"//! {sentence}\n//!\n//! Generated by `crates/aiosasl/tables/generate.py`, do not edit.\n\n"
            f"use super::normalize::Data;\n")


def main():
    if unicodedata.unidata_version != "14.0.0" or unicodedata.ucd_3_2_0.unidata_version != "3.2.0":
        sys.exit(f"unicodedata must be at 14.0.0 (Python 3.11), not {unicodedata.unidata_version}")
    stale = []
    for name, made in (("tables.rs", tables()), ("tables_precis.rs", tables_precis())):
        path = PREP / name
        if "--check" not in sys.argv[1:]:
            path.write_text(made)
        elif not path.exists() or path.read_text() != made:
            stale.append(name)
    if stale:
        sys.exit(f"stale: {', '.join(stale)}; run generate.py")


if __name__ == "__main__":
    main()
