//! (plan: see ARCHITECTURE.md)
fn main() {}
