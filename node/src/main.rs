//! The stafett program.
fn main() {}
