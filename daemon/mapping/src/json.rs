//! Between JSON and the values of scripts.

pub(crate) mod canonical;
pub(crate) mod event;
pub(crate) mod vars;
