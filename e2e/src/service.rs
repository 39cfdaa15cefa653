//! Requests to a Service through the proxy of the API server, from any machine that reaches the API server.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Stdio},
};

use ccx_test_support::http::Response;

use crate::{Cluster, get};

/// A proxy to one Service; stopped when it is dropped.
#[derive(Debug)]
pub struct Service {
    proxy: Child,
    port: u16,
    prefix: String,
}

impl Service {
    /// Opens a proxy to a port of a Service.
    pub fn open(cluster: &Cluster, namespace: &str, name: &str, port: u16) -> Self {
        let mut proxy = cluster
            .kubectl_command(&["proxy", "--port=0"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("kubectl runs");
        let mut greeting = String::new();
        BufReader::new(proxy.stdout.take().expect("a pipe"))
            .read_line(&mut greeting)
            .expect("kubectl says where it listens");
        let local = greeting
            .trim()
            .rsplit_once(':')
            .and_then(|(_, port)| port.parse().ok())
            .expect("an address with a port");
        Self {
            proxy,
            port: local,
            prefix: format!("/api/v1/namespaces/{namespace}/services/{name}:{port}/proxy"),
        }
    }

    /// Sends a GET request; `None` if there is no response.
    pub fn get(&self, path: &str, headers: &[String]) -> Option<Response> {
        get(self.port, &format!("{}{path}", self.prefix), headers)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.proxy.kill();
        let _ = self.proxy.wait();
    }
}
