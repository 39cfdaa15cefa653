//! Declarative rules.
