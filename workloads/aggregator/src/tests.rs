//! The whole service with a real PostgreSQL and a real socket.

mod auth;
mod conformance;
mod debug;
mod errors;
mod feedback;
mod freshness;
mod golden;
mod health;
mod lists;
mod recommendations;
mod reports;
mod routing;
mod test_env;
