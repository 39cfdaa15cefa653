//! What routes the traffic from outside to the users' software.

use serde::Deserialize;

use super::{
    Int, Object, TlsSecurityProfile,
    lenient::{file_stem, parse_objects_with_paths},
};
use crate::{Context, Input, Location};

/// The ingress controllers.
pub const INGRESS_CONTROLLERS: Input = Input::documents(
    "ingress_controllers",
    &[Location::new("config/clusteroperator/operator.openshift.io/ingresscontroller/*/*.json").since(4, 6)],
    |context| !context.ingress_controllers().is_empty(),
);

impl<'a> Context<'a> {
    /// The documents of [`INGRESS_CONTROLLERS`].
    pub fn ingress_controllers(&self) -> &[IngressController<'a>] {
        let parse = || {
            parse_objects_with_paths(self.files(&INGRESS_CONTROLLERS))
                .map(IngressController::of_file)
                .collect()
        };
        self.documents.ingress_controllers.get_or_init(parse)
    }
}

/// An `IngressController`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct IngressController<'a> {
    /// What it shall be.
    #[serde(borrow)]
    pub spec: Object<Spec<'a>>,
    /// Its name, which is that of its file.
    #[serde(skip)]
    pub name: &'a str,
}

impl<'a> IngressController<'a> {
    fn of_file((path, controller): (&'a str, Self)) -> Self {
        Self { name: file_stem(path), ..controller }
    }
}

/// What an ingress controller shall be.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Spec<'a> {
    /// How many pods it has.
    pub replicas: Int,
    /// Which versions and ciphers of TLS it accepts.
    #[serde(borrow)]
    pub tls_security_profile: Object<TlsSecurityProfile<'a>>,
}
