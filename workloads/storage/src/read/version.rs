//! The version of the schema of workload recommendations, which this release only reports.

use crate::{Database, StorageError};

impl Database {
    /// The version of schema `dvo`; `None` when the database has none.
    pub async fn dvo_schema_version(&self) -> Result<Option<u32>, StorageError> {
        // The table may be missing, and then its name must not stand in the statement that the server plans.
        const EXISTS: &str = "SELECT to_regclass('dvo.migration_info') IS NOT NULL";
        const VERSION: &str = "SELECT version FROM dvo.migration_info";
        let mut connection = self.acquire().await?;
        let statements = self.statements();
        let exists = sqlx::query_scalar(EXISTS).fetch_one(&mut *connection);
        if !statements.run("look for the schema", exists).await? {
            return Ok(None);
        }
        let version = sqlx::query_scalar::<_, i32>(VERSION).fetch_optional(&mut *connection);
        let version = statements.run("read the schema's version", version).await?;
        Ok(version.and_then(|version| u32::try_from(version).ok()))
    }
}
