//! An S3 server in this process.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    thread::{self, JoinHandle},
};

use ccx_config::Addressing;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use s3s::{
    auth::SimpleAuth,
    service::{S3Service, S3ServiceBuilder},
};
use s3s_fs::FileSystem;
use snafu::{ResultExt, Snafu};
use tokio_util::sync::CancellationToken;

use crate::{FolderError, folder::Folder, secret::random_hex};

/// The S3 server cannot be started.
#[derive(Debug, Snafu)]
pub enum ObjectStorageError {
    /// Its folder cannot be created.
    #[snafu(display("failed to prepare the folder of the embedded object storage"))]
    Folder {
        /// The cause.
        source: FolderError,
    },
    /// The bucket cannot be created.
    #[snafu(display("failed to create the bucket {}", path.display()))]
    Bucket {
        /// The bucket's folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The folder cannot be served.
    #[snafu(display("failed to open {} as object storage: {reason}", path.display()))]
    Open {
        /// The folder.
        path: PathBuf,
        /// The cause; the error type of the server is not a `std::error::Error`.
        reason: String,
    },
    /// The address cannot be bound.
    #[snafu(display("failed to listen on {address} for the embedded object storage"))]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The cause.
        source: io::Error,
    },
    /// The thread or its runtime cannot be started.
    #[snafu(display("failed to start the thread of the embedded object storage"))]
    Thread {
        /// The cause.
        source: io::Error,
    },
}

/// An S3 server on a free port of 127.0.0.1, with one bucket and one random key.
#[derive(Debug)]
pub struct ObjectStorage {
    folder: Folder,
    bucket: String,
    address: SocketAddr,
    access_key_id: String,
    secret_access_key: String,
    server: Mutex<Option<Server>>,
}

impl ObjectStorage {
    /// Starts a server with temporary objects.
    pub async fn start(bucket: &str) -> Result<Self, ObjectStorageError> {
        let bucket = bucket.to_owned();
        blocking(move || Self::start_on(Folder::temporary("ccx-objects-").context(FolderSnafu)?, &bucket))
            .await
    }

    /// Starts a server with the objects in `folder`, which are kept.
    pub async fn start_in(folder: &Path, bucket: &str) -> Result<Self, ObjectStorageError> {
        let (folder, bucket) = (folder.to_owned(), bucket.to_owned());
        blocking(move || Self::start_on(Folder::given(&folder).context(FolderSnafu)?, &bucket)).await
    }

    fn start_on(folder: Folder, bucket: &str) -> Result<Self, ObjectStorageError> {
        let path = folder.path().join(bucket);
        std::fs::create_dir_all(&path).context(BucketSnafu { path })?;
        let mut storage = Self {
            folder,
            bucket: bucket.to_owned(),
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            access_key_id: random_hex(),
            secret_access_key: random_hex(),
            server: Mutex::new(None),
        };
        let server = storage.serve()?;
        storage.address = server.address;
        *storage.server() = Some(server);
        Ok(storage)
    }

    /// Returns the settings of a client.
    pub fn config(&self) -> ccx_config::ObjectStorage {
        ccx_config::ObjectStorage {
            endpoint: Some(format!("http://{}", self.address)),
            region: Some("us-east-1".into()),
            bucket: self.bucket.clone(),
            addressing: Addressing::Path,
            access_key_id: Some(self.access_key_id.clone()),
            secret_access_key: Some(self.secret_access_key.clone().into()),
            ..ccx_config::ObjectStorage::default()
        }
    }

    /// Closes all connections and refuses new ones until [`ObjectStorage::end_outage`]: an outage for tests.
    pub fn start_outage(&self) {
        *self.server() = None;
    }

    /// Ends the outage that [`ObjectStorage::start_outage`] began, on the same port with the same objects and keys.
    pub fn end_outage(&self) -> Result<(), ObjectStorageError> {
        let server = self.serve()?;
        *self.server() = Some(server);
        Ok(())
    }

    fn serve(&self) -> Result<Server, ObjectStorageError> {
        let path = self.folder.path();
        let files = FileSystem::new(path)
            .map_err(|error| OpenSnafu { path, reason: format!("{error:?}") }.build())?;
        let mut service = S3ServiceBuilder::new(files);
        service.set_auth(SimpleAuth::from_single(self.access_key_id.clone(), self.secret_access_key.clone()));
        Server::start(self.address, service.build())
    }

    fn server(&self) -> std::sync::MutexGuard<'_, Option<Server>> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn blocking(
    start: impl FnOnce() -> Result<ObjectStorage, ObjectStorageError> + Send + 'static,
) -> Result<ObjectStorage, ObjectStorageError> {
    tokio::task::spawn_blocking(start)
        .await
        .unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

/// The server's thread; its end closes all connections.
#[derive(Debug)]
struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn start(address: SocketAddr, service: S3Service) -> Result<Self, ObjectStorageError> {
        let listener = TcpListener::bind(address).context(ListenSnafu { address })?;
        listener.set_nonblocking(true).context(ListenSnafu { address })?;
        let address = listener.local_addr().context(ListenSnafu { address })?;
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().context(ThreadSnafu)?;
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let serve = move || {
            runtime.block_on(stopped.run_until_cancelled(accept(listener, service)));
        };
        let thread =
            thread::Builder::new().name("object-storage".into()).spawn(serve).context(ThreadSnafu)?;
        Ok(Self { address, stop, thread: Some(thread) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn accept(listener: TcpListener, service: S3Service) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(%error, "failed to serve the embedded object storage"),
    };
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let _ = stream.set_nodelay(true);
        let service = service.clone();
        tokio::spawn(async move {
            let server = auto::Builder::new(TokioExecutor::new());
            // An error of one connection does not affect the others.
            let _ = server.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

#[cfg(test)]
mod tests;
