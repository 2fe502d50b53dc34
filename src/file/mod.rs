//! Files through a transform, in constant memory; whole at their place, or not at all.

mod destination;
mod failure;
mod run;
mod source;

pub use destination::Destination;
pub use run::{Control, Lengths, run};
pub use source::Source;
