//! Files through a transform, in constant memory; whole at their place, or not at all.

mod destination;
mod failure;
mod run;
mod source;
mod temporary;
mod unfinished;

pub use destination::Destination;
pub use run::{Control, Lengths, run};
pub use source::Source;
pub use unfinished::{observe_unfinished, remove_unfinished};
