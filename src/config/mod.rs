//! TOML to checked design.
