//! The state of the page.

use std::{sync::Arc, time::Duration};

use ccx_auth::Authenticator;
use chrono::{DateTime, Utc};

use crate::{
    forms::FormKey,
    login::{LoginSettings, PageLogin},
    secrets::Secrets,
    source::Source,
    texts::{EN, Texts},
    uploads::Uploads,
};

/// The settings of the page.
pub struct PageSettings {
    /// Secrets of all replicas, each of at least 32 random bytes: the first protects what is new, all are accepted.
    pub secrets: Vec<Vec<u8>>,
    /// The age from which a report is shown as stale.
    pub stale_after: Duration,
    /// The login; `None` if only a proxy or a token says who a user is.
    pub login: Option<LoginSettings>,
    /// Where archives go that are dropped onto the page; `None` if it takes none.
    pub uploads: Option<Arc<dyn Uploads>>,
    /// The clock; a test sets its own.
    pub now: fn() -> DateTime<Utc>,
}

/// The page: where its data comes from, and who may see it.
#[derive(Clone)]
pub struct Page {
    pub(crate) source: Arc<dyn Source>,
    pub(crate) authenticator: Arc<Authenticator>,
    pub(crate) form_key: Arc<FormKey>,
    pub(crate) login: Option<Arc<PageLogin>>,
    pub(crate) uploads: Option<Arc<dyn Uploads>>,
    pub(crate) stale_after: Duration,
    pub(crate) texts: &'static Texts,
    now: fn() -> DateTime<Utc>,
}

impl Page {
    /// Returns a page over a source.
    pub fn new(source: Arc<dyn Source>, authenticator: Arc<Authenticator>, settings: PageSettings) -> Self {
        let secrets = Secrets::new(&settings.secrets);
        Self {
            source,
            authenticator,
            form_key: Arc::new(FormKey::new(&secrets)),
            login: settings.login.map(|login| Arc::new(PageLogin::new(login, &secrets))),
            uploads: settings.uploads,
            stale_after: settings.stale_after,
            texts: &EN,
            now: settings.now,
        }
    }

    /// Returns the time.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        (self.now)()
    }
}
