//! (plan: see ARCHITECTURE.md)
