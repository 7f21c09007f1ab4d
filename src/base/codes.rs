//! codes (stub until merged)
/// Code
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code(pub u16);
impl Code {
    /// p
    pub fn parse(_t: &str) -> Option<Code> {
        None
    }
}
impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VX{:04}", self.0)
    }
}
