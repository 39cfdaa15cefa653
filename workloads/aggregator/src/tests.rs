//! The whole service over a real PostgreSQL and a real socket.

mod auth;
mod errors;
mod freshness;
mod golden;
mod health;
mod http;
mod recommendations;
mod reports;
mod served;
