//! Export of tables as CSV files, on disk or in a bucket.

use std::{io, path::PathBuf};

use bytes::Bytes;
use ccx_storage::{ExportSnapshot, ExportedTable, RowFilter, StorageError};
use ccx_transport::{ObjectStore, ObjectStoreError};
use futures::{Stream, StreamExt as _, stream};
use snafu::{ResultExt, Snafu};
use tokio::io::AsyncWriteExt as _;

/// The list of the exported tables.
pub(crate) const TABLES_FILE: &str = "_tables.csv";

/// The numbers of the tables' rows.
pub(crate) const METADATA_FILE: &str = "_metadata.csv";

/// The rules that several organisations have disabled.
pub(crate) const DISABLED_RULES_FILE: &str = "_disabled_rules.csv";

/// The place of the exported files.
pub(crate) enum Destination {
    /// A folder.
    Folder(PathBuf),
    /// Objects of a bucket.
    Bucket { store: ObjectStore, bucket: String, prefix: String },
}

/// A table can't be exported.
#[derive(Debug, Snafu)]
pub(crate) enum ExportError {
    #[snafu(transparent)]
    Storage { source: StorageError },
    #[snafu(display("failed to write {}", file.display()))]
    Write { file: PathBuf, source: io::Error },
    #[snafu(display("failed to upload {name}"))]
    Upload { name: String, source: ObjectStoreError },
}

/// Exports a table, and returns the name of its file.
pub(crate) async fn export_table(
    snapshot: &mut ExportSnapshot,
    table: &ExportedTable,
    filter: &RowFilter,
    destination: &Destination,
) -> Result<String, ExportError> {
    let file = format!("{}.csv", table.display_name());
    let chunks = snapshot.csv(table, filter).await?;
    destination.store(&file, chunks).await?;
    Ok(file)
}

/// Exports the list of tables, and the numbers of their rows.
pub(crate) async fn export_metadata(
    snapshot: &mut ExportSnapshot,
    tables: &[ExportedTable],
    filter: &RowFilter,
    destination: &Destination,
) -> Result<(), ExportError> {
    let names: Vec<[String; 1]> = tables.iter().map(|table| [table.display_name()]).collect();
    destination.store_csv(TABLES_FILE, ["Table name"], names).await?;
    let mut counts = Vec::new();
    for table in tables {
        counts.push([table.display_name(), snapshot.count(table, filter).await?.to_string()]);
    }
    destination.store_csv(METADATA_FILE, ["Table name", "Records"], counts).await
}

/// Exports the rules that several organisations have disabled.
pub(crate) async fn export_disabled_rules(
    snapshot: &mut ExportSnapshot,
    destination: &Destination,
) -> Result<(), ExportError> {
    let rules = snapshot.disabled_rules().await?;
    let rows: Vec<_> = rules.into_iter().map(|(rule, count)| [rule, count.to_string()]).collect();
    destination.store_csv(DISABLED_RULES_FILE, ["Rule", "Count"], rows).await
}

impl Destination {
    async fn store_csv<const COLUMNS: usize>(
        &self,
        file: &str,
        header: [&str; COLUMNS],
        rows: Vec<[String; COLUMNS]>,
    ) -> Result<(), ExportError> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        // Writing to memory cannot fail.
        let _ = writer.write_record(header);
        for row in rows {
            let _ = writer.write_record(row);
        }
        self.store_bytes(file, writer.into_inner().unwrap_or_default()).await
    }

    /// Stores a small file.
    pub(crate) async fn store_bytes(&self, file: &str, content: Vec<u8>) -> Result<(), ExportError> {
        self.store(file, stream::iter([Ok(Bytes::from(content))])).await
    }

    /// Stores a file. One for a bucket is written to disk first: the length of an upload is known before it begins.
    async fn store(
        &self,
        file: &str,
        chunks: impl Stream<Item = Result<Bytes, StorageError>>,
    ) -> Result<(), ExportError> {
        match self {
            Self::Folder(folder) => write(folder.join(file), chunks).await,
            Self::Bucket { store, bucket, prefix } => {
                let spool = tempfile::NamedTempFile::new().context(WriteSnafu { file })?;
                write(spool.path().to_owned(), chunks).await?;
                let name = if prefix.is_empty() { file.to_owned() } else { format!("{prefix}/{file}") };
                store.put_file(bucket, &name, spool.path(), "text/csv").await.context(UploadSnafu { name })
            }
        }
    }
}

async fn write(
    file: PathBuf,
    chunks: impl Stream<Item = Result<Bytes, StorageError>>,
) -> Result<(), ExportError> {
    let opened = tokio::fs::File::create(&file).await.context(WriteSnafu { file: &file })?;
    let mut writer = tokio::io::BufWriter::new(opened);
    let mut chunks = std::pin::pin!(chunks);
    while let Some(chunk) = chunks.next().await {
        writer.write_all(&chunk?).await.context(WriteSnafu { file: &file })?;
    }
    writer.flush().await.context(WriteSnafu { file: &file })
}
