//! Scripts that are replaced while the daemon runs, in all the ways that editors and tools have.
//!
//! In these tests the daemon looks at the files by itself once an hour only: what it sees, it was told of.
//!
//! - [`editors`], [`tools`]: one test for each way of writing
//! - [`sets`]: sets that are refused, and what follows
//! - [`asked`]: `doorman reload`, SIGHUP, and scripts that are taken on demand only
//! - [`blind`]: a system that does not tell of changes
//! - [`told`]: where an operator reads of it
//! - [`load`]: reloads under load
//! - [`speed`]: from save to in force
//! - [`edited`]: the daemon of these tests

mod asked;
mod blind;
mod edited;
mod editors;
mod load;
mod sets;
mod speed;
mod told;
mod tools;
