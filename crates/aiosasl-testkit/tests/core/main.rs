//! What the exchanges and mechanisms must refuse, and the laws that they keep.

mod broken;
mod challenge;
mod codes;
mod digest_md5;
mod gssapi;
mod laws;
mod mechanisms;
mod ntlm;
mod policy;
mod refusals;
mod support;
mod tokens;
mod visit;
