use std::{
    path::Path,
    process::{Command, Stdio},
};

use ccx_test_support::{eventually, send_signal};
use sqlx::{Connection as _, PgConnection, postgres::PgConnectOptions};

use super::*;
use crate::test_postgres;

async fn connect(config: &Database) -> Result<PgConnection, sqlx::Error> {
    let password = config.password().unwrap().unwrap();
    let options = PgConnectOptions::new_without_pgpass()
        .host(&config.host)
        .port(config.port)
        .username(&config.user)
        .password(password.expose())
        .database(&config.name);
    PgConnection::connect_with(&options).await
}

#[tokio::test]
async fn created_database_is_empty() {
    let postgres = test_postgres().await;
    let first = postgres.create_database().await.unwrap();
    let second = postgres.create_database().await.unwrap();
    assert_ne!(first.name, second.name);
    let mut connection = connect(&first).await.unwrap();
    sqlx::raw_sql("CREATE TABLE t (id int)").execute(&mut connection).await.unwrap();
    let mut other = connect(&second).await.unwrap();
    assert!(sqlx::raw_sql("SELECT FROM t").execute(&mut other).await.is_err());
}

#[tokio::test]
async fn connection_without_password_is_rejected() {
    let postgres = test_postgres().await;
    let guessed = Database { password: Some("guessed".to_owned().into()), ..postgres.config() };
    assert!(connect(&guessed).await.unwrap_err().to_string().contains("password"));
}

#[test]
fn shared_server_outlives_the_thread_that_started_it() {
    let in_own_thread = || {
        let use_it = || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async { test_postgres().await.create_database().await.unwrap() })
        };
        std::thread::spawn(use_it).join().unwrap()
    };
    assert_ne!(in_own_thread().name, in_own_thread().name);
}

#[tokio::test]
async fn outage_keeps_data_and_port() {
    let postgres = Postgres::start_with(Durability::Lost).await.unwrap();
    let database = postgres.create_database().await.unwrap();
    postgres.start_outage().await.unwrap();
    assert!(connect(&database).await.is_err());
    postgres.end_outage().await.unwrap();
    connect(&database).await.unwrap();
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn given_folder_keeps_its_data_and_temporary_one_is_removed() {
    let parent = tempfile::tempdir().unwrap();
    // Root runs the server as another account, which must be able to access the folder.
    std::fs::set_permissions(parent.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let folder = parent.path().join("kept");
    let first = Postgres::start_in(&folder).await.unwrap();
    first.database("mine").await.unwrap();
    first.stop().await.unwrap();

    let again = Postgres::start_in(&folder).await.unwrap();
    connect(&Database { name: "mine".into(), ..again.config() }).await.unwrap();
    again.database("mine").await.expect("an existing database is no error");
    again.stop().await.unwrap();

    let temporary = Postgres::start_with(Durability::Lost).await.unwrap();
    let path = temporary.parts.folder.path().to_owned();
    assert!(path.exists());
    temporary.stop().await.unwrap();
    assert!(!path.exists());
}

/// The child process of the next test: starts a server, prints its address, and waits to be killed.
#[tokio::test]
#[ignore = "only a helper of another test"]
async fn start_and_wait_to_be_killed() {
    let postgres = Postgres::start_with(Durability::Lost).await.unwrap();
    println!("folder={}", postgres.parts.folder.path().display());
    std::future::pending::<()>().await;
}

#[test]
fn killed_process_leaves_neither_server_nor_files() {
    use std::io::{BufRead as _, BufReader};
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "postgres::tests::start_and_wait_to_be_killed"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let folder =
        lines.map_while(Result::ok).find_map(|line| Some(line.split_once("folder=")?.1.to_owned())).unwrap();
    let pid_file = std::fs::read_to_string(Path::new(&folder).join("data/postmaster.pid")).unwrap();
    let pid = pid_file.lines().next().unwrap();
    let is_alive = || send_signal("0", &pid);
    assert!(is_alive());
    process.kill().unwrap();
    process.wait().unwrap();
    eventually("the server ends", || !is_alive());
    eventually("the files are removed", || !Path::new(&folder).exists());
}
