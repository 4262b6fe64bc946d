//! What people type and what CI runs: `cargo xtask test`, `peers`, `tidy`.

fn main() {}
