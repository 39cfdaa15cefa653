//! Serves the page over the sample data of the tests, to work on its looks: `cargo run --package ccx-web --example samples`.

#[path = "../tests/samples/mod.rs"]
#[allow(dead_code, reason = "tests use more of it")]
mod samples;

use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), std::io::Error> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8090".to_owned());
    let listener = TcpListener::bind(&address).await?;
    println!("http://{address}{}/clusters", ccx_web::BASE);
    axum::serve(listener, ccx_web::router(samples::page())).await
}
