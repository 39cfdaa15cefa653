//! Authentication with the services that verify credentials, over HTTP.

mod access;
mod keys;
mod stand_ins;
