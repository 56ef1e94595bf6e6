//! What the tests stand on. No rules of the directory here, and no mocks of its code.

mod answer;
pub mod callers;
mod environment;
pub mod people;
pub mod signer;
mod tenant;
pub mod walks;
mod world;

pub use answer::Answer;
pub use callers::{Bearer, Caller, Question, Verbatim};
pub use tenant::{EVERY_SCOPE, Tenant};
pub use world::{Backend, World};
