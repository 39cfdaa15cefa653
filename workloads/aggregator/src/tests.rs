//! The whole service with a real PostgreSQL and a real socket.

mod auth;
mod errors;
mod freshness;
mod golden;
mod health;
mod recommendations;
mod reports;
mod routing;
mod test_env;
