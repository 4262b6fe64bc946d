//! Hashes that others have published, what is none, and what holds for all of them.

use aiosasl::secret::Password;
use base64ct::{Base64Unpadded, Encoding as _};
use proptest::prelude::*;

use super::*;

/// Where it was published, the password, the text, and how we write it; nothing where the same, in braces.
const PUBLISHED: &[(&str, &str, &str, &str)] = &[
    // The reference implementation of Argon2, src/test.c; the RFC's own vectors have a secret, which no text has.
    (
        "argon2",
        "password",
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "{ARGON2ID}",
    ),
    (
        "argon2",
        "password",
        "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
        "{ARGON2ID}",
    ),
    (
        "argon2",
        "password",
        "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8",
        "{ARGON2I}",
    ),
    (
        "argon2",
        "password",
        "$argon2i$v=16$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY",
        "{ARGON2I}",
    ),
    (
        "argon2",
        "password",
        "{ARGON2}$argon2i$m=256,t=2,p=2$c29tZXNhbHQ$tsEVYKap1h6scGt5ovl9aLRGOqOth+AMB+KwHpDFZPs",
        "{ARGON2I}$argon2i$v=16$m=256,t=2,p=2$c29tZXNhbHQ$tsEVYKap1h6scGt5ovl9aLRGOqOth+AMB+KwHpDFZPs",
    ),
    // Dovecot, src/auth/test-libpassword.c.
    (
        "dovecot",
        "test",
        "{ARGON2ID}$argon2id$v=19$m=65536,t=3,p=1$vBb99oJ12p3WAdYlaMHz1A$jtFOtbo/sYV9OSlTxDo/nVNq3uArHd5GJSEx0ty85Cc",
        "",
    ),
    (
        "dovecot",
        "test",
        "{ARGON2I}$argon2i$v=19$m=32768,t=4,p=1$f2iuP4aUeNMrgu34fhOkkg$1XSZZMWlIs0zmE+snlUIcLADO3GXbA2O/hsQmmc317k",
        "",
    ),
    (
        "dovecot",
        "test",
        "{BLF-CRYPT}$2y$05$11ipvo5dR6CwkzwmhwM26OXgzXwhV2PyPuLV.Qi31ILcRcThQpEiW",
        "",
    ),
    (
        "dovecot",
        "test",
        "{PBKDF2}$1$bUnT4Pl7yFtYX0KU$5000$50a83cafdc517b9f46519415e53c6a858908680a",
        "",
    ),
    ("dovecot", "test", "{SSHA}H/zrDv8FXUu1JmwvVYijfrYEF34jVZcO", ""),
    ("dovecot", "test", "{SMD5}JTu1KRwptKZJg/RLd+6Vn5GUd0M=", ""),
    ("dovecot", "test", "{SHA1}qUqP5cyxm6YcTAhz05Hph5gvu9M=", "{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M="),
    ("dovecot", "test", "{LDAP-MD5}CY9rzUYh03PK3k6DJie09g==", "{MD5}CY9rzUYh03PK3k6DJie09g=="),
    ("dovecot", "test", "{SHA256}n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=", ""),
    (
        "dovecot",
        "test",
        "{SHA512}7iaw3Ur350mqGo7jwQrpkj9hiYB3Lkc/iBml1JQODbJ6wYX4oOHV+E+IvIh/1nsUNzLDBMxfqa2Ob1f1ACio/w==",
        "",
    ),
    ("dovecot", "test", "{PLAIN}test", ""),
    // Made with doveadm pw 2.3.
    ("doveadm", "pencil", "{SSHA256}lFIhGEITndhldtyRA2c82g1ezrYs02uRQ4jK2RXR7tQtYNSn", ""),
    (
        "doveadm",
        "pencil",
        "{SSHA512}5JZk8Fs1fBqW+PU61RusWX0zfycva3fsVU4wzsHW4pqC7J2CcQwB8kR146pM6bcASbuhGq/mOGj3MP55+Yfj+vDBBPk=",
        "",
    ),
    (
        "doveadm",
        "pencil",
        "{SSHA.HEX}4ae618db52a472a673f1882afc872efd56fa5c10f3e45c82",
        "{SSHA}SuYY21KkcqZz8Ygq/Icu/Vb6XBDz5FyC",
    ),
    ("doveadm", "pencil", "{PLAIN.B64}cGVuY2ls", "{PLAIN}pencil"),
    // FIPS 180's and RFC 1321's hashes of "abc", in hexadecimal digits as Dovecot reads them.
    (
        "RFC 1321",
        "abc",
        "{PLAIN-MD5}900150983cd24fb0d6963f7d28e17f72",
        "{MD5}kAFQmDzST7DWlj99KOF/cg==",
    ),
    (
        "FIPS 180",
        "abc",
        "{sha256.HEX}BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD",
        "{SHA256}ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
    ),
    // crypt_blowfish 1.3, wrapper.c, and jBCrypt.
    (
        "crypt_blowfish",
        "U*U",
        "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "{BLF-CRYPT}",
    ),
    (
        "crypt_blowfish",
        "U*U*U",
        "{crypt}$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a",
        "{BLF-CRYPT}$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a",
    ),
    (
        "crypt_blowfish",
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored",
        "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui",
        "{BLF-CRYPT}",
    ),
    ("jBCrypt", "", "$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.", "{BLF-CRYPT}"),
    // SHA-crypt.txt, which specifies it.
    (
        "SHA-crypt",
        "Hello world!",
        "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
        "{SHA256-CRYPT}",
    ),
    (
        "SHA-crypt",
        "Hello world!",
        "$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA",
        "{SHA256-CRYPT}",
    ),
    (
        "SHA-crypt",
        "This is just a test",
        "$5$rounds=5000$toolongsaltstrin$Un/5jzAHMgOGZ5.mWJpuVolil07guHPvOW8mGRcvxa5",
        "{SHA256-CRYPT}",
    ),
    (
        "SHA-crypt",
        "a very much longer text to encrypt.  This one even stretches over morethan one line.",
        "$5$rounds=1400$anotherlongsalts$Rx.j8H.h8HjEDGomFU8bDkXm3XIUnzyxf12oP84Bnq1",
        "{SHA256-CRYPT}",
    ),
    (
        "SHA-crypt",
        "a short string",
        "$5$rounds=123456$asaltof16chars..$gP3VQ/6X7UUEW3HkBn2w1/Ptq2jxPyzV/cZKmF/wJvD",
        "{SHA256-CRYPT}",
    ),
    (
        "SHA-crypt",
        "the minimum number is still observed",
        "$5$rounds=1000$roundstoolow$yfvwcWrQ8l/K0DAWyuPMDNHpIVlTQebY9l/gL972bIC",
        "{SHA256-CRYPT}",
    ),
    (
        "SHA-crypt",
        "Hello world!",
        "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
        "{SHA512-CRYPT}",
    ),
    (
        "SHA-crypt",
        "Hello world!",
        "$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.",
        "{SHA512-CRYPT}",
    ),
    (
        "SHA-crypt",
        "we have a short salt string but not a short password",
        "$6$rounds=77777$short$WuQyW2YR.hBNpjjRhpYD/ifIw05xdfeEyQoMxIXbkvr0gge1a1x3yRULJ5CCaUeOxFmtlcGZelFl5CxtgfiAc0",
        "{SHA512-CRYPT}",
    ),
];

/// The same where the octets were published, and no text: RFC, password, salt, hash in hexadecimal digits, and the text
/// around salt and hash.
const OCTETS: &[(&str, &str, &str, &str, [&str; 3])] = &[
    (
        "RFC 6070 section 2",
        "password",
        "salt",
        "0c60c80f961f0e71f3a9b524af6012062fe037a6",
        ["{PBKDF2}1$", "$", ""],
    ),
    (
        "RFC 6070 section 2",
        "password",
        "salt",
        "4b007901b765489abead49d926f721d065a429c1",
        ["{PBKDF2-SHA1}4096$", "$", ""],
    ),
    (
        "RFC 6070 section 2",
        "passwordPASSWORDpassword",
        "saltSALTsaltSALTsaltSALTsaltSALTsalt",
        "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038",
        ["$pbkdf2$i=4096,l=25$", "$", ""],
    ),
    (
        "RFC 7914 section 11",
        "passwd",
        "salt",
        "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783",
        ["{PBKDF2-SHA256}1$", "$", ""],
    ),
    (
        "RFC 7914 section 11",
        "Password",
        "NaCl",
        "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d",
        ["$pbkdf2-sha256$80000$", "$", ""],
    ),
    (
        "Python's hashlib",
        "password",
        "salt",
        "d197b1b33db0143e018b12f3d1d1479e6cdebdcc97c5c0f87f6902e072f457b5143f30602641b3d55cd335988cb36b84376060ecd532e039b742a239434af2d5",
        ["{PBKDF2}$pbkdf2-sha512$i=4096$", "$", ""],
    ),
    (
        "RFC 7914 section 12",
        "password",
        "NaCl",
        "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640",
        ["{SCRYPT}$scrypt$ln=10,r=8,p=16$", "$", ""],
    ),
    (
        "RFC 7914 section 12",
        "pleaseletmein",
        "SodiumChloride",
        "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887",
        ["$scrypt$ln=14,r=8,p=1$", "$", ""],
    ),
];

/// What is no hash, or none that anybody should have to compute.
const REFUSED: &[&str] = &[
    "",
    "{",
    "{}",
    "{}x",
    "{PLAIN}",
    "{PLAIN",
    "secret",
    "{NEW}secret",
    "{PLAIN.b32}secret",
    "{PLAIN.b64}secret",
    "{PLAIN.b64}/w==",
    "{CRYPT}",
    "{CRYPT}//EsnG9FLTKjo",
    "{CRYPT}$1$wmyrgRuV$kImF6.9MAFQNHe23kq5vI/",
    "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7",
    "$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    "$2b$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    "$2b$17$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    "$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    "$2b$+5$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    "$2b$5$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    "$2b$05$CCCCCCCCCCCCCCCCCCCCCCE5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe",
    "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeWW",
    "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyO\u{fc}",
    "$argon2d$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
    "$argon2id$v=20$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
    "$argon2id$v=19$m=4294967295,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
    "$argon2id$v=19$m=256,t=4294967295,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
    "$argon2id$v=19$m=256,t=0,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
    "$argon2id$v=19$m=256,t=2,p=33$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
    "$argon2id$v=19$m=256,t=2,p=1,keyid=AA$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
    "$argon2id$v=19$t=2,m=256,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
    "$argon2id$v=19$m=0256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
    "$argon2id$v=19$m=256,t=2,p=1$c29tZXM$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
    "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65",
    "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4=",
    "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/5",
    "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ",
    "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4$",
    "{ARGON2I}$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
    "{ARGON2}$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
    "$scrypt$ln=31,r=8,p=1$TmFDbA$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI",
    "$scrypt$ln=64,r=8,p=1$TmFDbA$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI",
    "$scrypt$ln=1,r=4294967295,p=4294967295$TmFDbA$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI",
    "$scrypt$ln=14,r=8,p=1$$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI",
    "$5$rounds=999$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
    "$5$rounds=999999999$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
    "$5$rounds=05000$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
    "$5$saltstringsaltstr$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
    "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc",
    "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEcz",
    "$6$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
    "{SHA512-CRYPT}$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
    "{PBKDF2}$1$bUnT4Pl7yFtYX0KU$0$50a83cafdc517b9f46519415e53c6a858908680a",
    "{PBKDF2}$1$bUnT4Pl7yFtYX0KU$4294967295$50a83cafdc517b9f46519415e53c6a858908680a",
    "{PBKDF2}$1$bUnT4Pl7yFtYX0KU$5000$50a83cafdc517b9f46519415e53c6a85890868",
    "{PBKDF2}$1$$5000$50a83cafdc517b9f46519415e53c6a858908680a",
    "{PBKDF2}$2$bUnT4Pl7yFtYX0KU$5000$50a83cafdc517b9f46519415e53c6a858908680a",
    "{PBKDF2-SHA256}$1$bUnT4Pl7yFtYX0KU$5000$50a83cafdc517b9f46519415e53c6a858908680a",
    "{PBKDF2-SHA256}9000000$c2FsdA$VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLzKnMzxebZFmRZks513",
    "$pbkdf2-sha256$i=1,l=31$c2FsdA$VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLw",
    "$pbkdf2-sha256$i=1$c2FsdA$",
    "{SSHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=",
    "{SSHA}H/zrDv8FXUu1JmwvVYijfrYEF34jVZc",
    "{SSHA.hex}H/zrDv8FXUu1JmwvVYijfrYEF34jVZcO",
    "{SHA}H/zrDv8FXUu1JmwvVYijfrYEF34jVZcO",
    "{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M",
    "{MD5}$1$wmyrgRuV$kImF6.9MAFQNHe23kq5vI/",
];

fn password(text: &str) -> Password {
    Password::new(text)
}

#[track_caller]
fn read(text: &str) -> PasswordHash {
    PasswordHash::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn published_hashes_are_verified_and_written_again() {
    for (source, typed, text, written) in PUBLISHED {
        let hash = read(text);
        assert!(hash.verifies(&password(typed)), "{source}: {text}");
        assert!(!hash.verifies(&password("wrong")), "{source}: {text}");
        let expected = match *written {
            "" => (*text).to_owned(),
            braces if braces.ends_with('}') => format!("{braces}{text}"),
            other => other.to_owned(),
        };
        assert_eq!(*hash.to_text(), expected, "{source}");
        assert_eq!(read(&hash.to_text()), hash, "{source}");
    }
}

#[test]
fn published_octets_are_verified() {
    for (source, typed, salt, digits, [before, between, after]) in OCTETS {
        let octets = base16ct::lower::decode_vec(digits).unwrap();
        let [salt, output] = [salt.as_bytes(), &octets].map(Base64Unpadded::encode_string);
        let text = format!("{before}{salt}{between}{output}{after}");
        let hash = read(&text);
        assert!(hash.verifies(&password(typed)), "{source}: {text}");
        assert!(!hash.verifies(&password("wrong")), "{source}: {text}");
        assert_eq!(read(&hash.to_text()), hash, "{source}");
    }
}

#[test]
fn what_is_no_hash_is_refused() {
    for text in REFUSED {
        let error = PasswordHash::parse(text).map(|it| panic!("{text}: {it:?}")).unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Invalid, "{text}");
    }
    assert!(PasswordHash::parse(&format!("{{PLAIN}}{}", "x".repeat(70_000))).is_err());
}

#[test]
fn a_password_that_a_scheme_would_cut_is_refused() {
    let make = |policy: &str, text: &str| {
        PasswordHash::make(&policy.parse().unwrap(), &password(text), Salt([7; 16]))
    };
    let bcrypt = "BLF-CRYPT:cost=4";
    assert!(make(bcrypt, &"x".repeat(72)).is_ok());
    assert!(make(bcrypt, &"x".repeat(73)).is_err());
    assert!(make(bcrypt, &"\u{e4}".repeat(37)).is_err());
    assert!(make("SHA512-CRYPT:rounds=1000", &"x".repeat(511)).is_ok());
    assert!(make("SHA512-CRYPT:rounds=1000", &"x".repeat(512)).is_err());
    for policy in [bcrypt, "SHA256-CRYPT:rounds=1000"] {
        assert!(make(policy, "pen\0cil").is_err());
        assert!(!make(policy, "pen").unwrap().verifies(&password("pen\0cil")));
    }
    for policy in CHEAP {
        assert!(make(policy, "").is_err(), "{policy}");
    }
}

#[test]
fn what_is_longer_than_a_scheme_takes_is_wrong() {
    let policy = "SHA256-CRYPT:rounds=1000".parse().unwrap();
    let hash = PasswordHash::make(&policy, &password(&"x".repeat(511)), Salt([7; 16])).unwrap();
    assert!(hash.verifies(&password(&"x".repeat(511))));
    assert!(!hash.verifies(&password(&"x".repeat(512))));
}

#[test]
fn hashes_are_silent_and_equal_by_content() {
    let hash = read("{PLAIN}pencil");
    assert_eq!(format!("{hash:?}"), "PasswordHash({PLAIN}..)");
    assert_eq!(hash, read("{CLEARTEXT.b64}cGVuY2ls"));
    assert_ne!(hash, read("{PLAIN}pencim"));
}

#[test]
fn weak_hashes_are_told_from_strong_ones() {
    let weaker = |text: &str, policy: &str| read(text).is_weaker_than(&policy.parse().unwrap());
    let argon2 =
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    assert!(weaker(argon2, "ARGON2ID"));
    assert!(!weaker(argon2, "ARGON2ID:m=256,t=2,p=1"));
    assert!(!weaker(argon2, "ARGON2ID:m=256,t=1,p=1"));
    assert!(weaker(argon2, "ARGON2ID:m=256,t=3,p=1"));
    assert!(weaker(argon2, "ARGON2ID:m=512,t=1,p=1"));
    assert!(weaker(&argon2.replace("v=19", "v=16"), "ARGON2ID:m=256,t=2,p=1"));
    assert!(!weaker(argon2, "BLF-CRYPT"));
    assert!(weaker("{SSHA}H/zrDv8FXUu1JmwvVYijfrYEF34jVZcO", "SSHA512"));
    assert!(!weaker("{SSHA}H/zrDv8FXUu1JmwvVYijfrYEF34jVZcO", "SSHA"));
    assert!(weaker("{PLAIN}pencil", "SSHA"));
    assert!(weaker("$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", "SHA256-CRYPT"));
    let scrypt = "$scrypt$ln=14,r=8,p=1$TmFDbA$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI";
    assert!(weaker(scrypt, "SCRYPT:ln=15,r=8,p=1"));
    assert!(weaker(scrypt, "SCRYPT:ln=14,r=8,p=2"));
    assert!(!weaker(scrypt, "SCRYPT:ln=14,r=8,p=1"));
}

/// All that new hashes can be made with, at the least cost.
const CHEAP: [&str; 12] = [
    "ARGON2ID:m=8,t=1,p=1",
    "SCRYPT:ln=1,r=1,p=1",
    "BLF-CRYPT:cost=4",
    "SHA512-CRYPT:rounds=1000",
    "SHA256-CRYPT:rounds=1000",
    "PBKDF2-SHA512:rounds=1",
    "PBKDF2-SHA256:rounds=2",
    "PBKDF2:rounds=3",
    "SSHA512",
    "SSHA256",
    "SSHA",
    "PLAIN",
];

#[test]
fn the_cheap_ones_are_all_that_can_be_made() {
    let cheap = CHEAP.map(|it| it.parse::<HashPolicy>().unwrap().scheme());
    let all: Vec<Scheme> = Scheme::ALL.into_iter().filter(|it| it.can_make()).collect();
    assert_eq!(cheap.to_vec(), all);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_made_is_verified_read_and_written(
        typed in "[^\0]{1,18}", other in "[^\0]{0,18}", salt: [u8; 16], at in 0..CHEAP.len(),
    ) {
        let policy: HashPolicy = CHEAP[at].parse().unwrap();
        let hash = PasswordHash::make(&policy, &password(&typed), salt.into()).unwrap();
        prop_assert_eq!(hash.scheme(), policy.scheme());
        prop_assert_eq!(hash.cost(), policy.cost());
        prop_assert!(!hash.is_weaker_than(&policy));
        prop_assert!(hash.verifies(&password(&typed)));
        prop_assert_eq!(hash.verifies(&password(&other)), typed == other);
        let again = PasswordHash::parse(&hash.to_text()).unwrap();
        prop_assert_eq!(&again, &hash);
        prop_assert_eq!(again.to_text(), hash.to_text());
        prop_assert!(again.verifies(&password(&typed)));
    }

    #[test]
    fn another_salt_makes_another_hash(typed in "[^\0]{1,18}", at in 0..CHEAP.len() - 1) {
        let policy: HashPolicy = CHEAP[at].parse().unwrap();
        let [one, other] = [[1; 16], [2; 16]]
            .map(|salt| PasswordHash::make(&policy, &password(&typed), salt.into()).unwrap());
        prop_assert_ne!(one, other);
    }

    #[test]
    fn any_text_is_read_or_refused(
        scheme in prop::sample::select(Scheme::ALL.to_vec()),
        data in "[$a-z0-9=,./+]{0,40}|\\PC{0,40}",
    ) {
        for text in [data.clone(), format!("{{{scheme}}}{data}"), format!("{{{scheme}.hex}}{data}")] {
            if let Ok(hash) = PasswordHash::parse(&text) {
                prop_assert_eq!(PasswordHash::parse(&hash.to_text()).unwrap(), hash);
            }
        }
    }

    #[test]
    fn a_changed_character_is_another_hash_or_none(
        at in 0..PUBLISHED.len(), place: prop::sample::Index, character in "[!-~]",
    ) {
        let (_, _, text, _) = PUBLISHED[at];
        let mut changed: Vec<char> = text.chars().collect();
        let place = place.index(changed.len());
        changed[place] = character.chars().next().unwrap();
        let changed: String = changed.into_iter().collect();
        if let Ok(hash) = PasswordHash::parse(&changed) {
            prop_assert_eq!(PasswordHash::parse(&hash.to_text()).unwrap(), hash);
        }
    }
}
