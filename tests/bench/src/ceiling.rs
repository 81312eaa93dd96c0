//! The ceilings: the least that bare hyper needs for the two halves of Doorman's job.
//!
//! - [`receiver`]: takes events and makes them durable
//! - [`journal`]: the receiver's file, with group fsync
//! - [`forwarder`]: takes events and posts them on

pub mod forwarder;
pub mod journal;
pub mod receiver;
