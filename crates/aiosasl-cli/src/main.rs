//! The `aiosasl` command.

fn main() {}
