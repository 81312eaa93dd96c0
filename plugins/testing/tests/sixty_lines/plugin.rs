//! `plugin = "tcp"`: each action is a line of JSON to whoever listens, who answers with `ok`, or with `no` and why.

use std::{io, sync::Arc};

use doorman_plugin::{BoxFuture, ConfigError, Delivery, Plugin, PluginType, Report};
use doorman_plugin::{envelope, typed_config, typed_schema};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// This plugin.
pub const PLUGIN: PluginType = PluginType::new("tcp", build, typed_schema::<Tcp>);

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Tcp {
    /// Who listens: a host and a port.
    address: String,
}

fn build(config: serde_json::Value) -> Result<Arc<dyn Plugin>, ConfigError> {
    let tcp: Tcp = typed_config(config)?;
    let port = tcp.address.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
    if port.is_none() {
        return Err(ConfigError::at("address", "write a host and a port, as in \"127.0.0.1:9000\""));
    }
    Ok(Arc::new(tcp))
}

impl Plugin for Tcp {
    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> BoxFuture<'a, Report> {
        Box::pin(async move {
            let Some(sent) = delivery.sent().filter(|sent| sent.options.is_none()) else {
                return Report::rejected("a tcp destination takes no options: leave them out");
            };
            let mut line = envelope::write(delivery, sent.payload);
            line.retain(|byte| *byte != b'\n');
            line.push(b'\n');
            match self.answer_to(&line).await {
                Ok(answer) if answer == "ok\n" => Report::delivered(),
                Ok(answer) if answer.starts_with("no ") => Report::rejected(answer.trim_end()),
                Ok(answer) => Report::retry(format!("{} answered {answer:?}", self.address)),
                Err(error) => Report::retry(format!("no answer from {}: {error}", self.address)),
            }
        })
    }
}

impl Tcp {
    async fn answer_to(&self, line: &[u8]) -> io::Result<String> {
        let mut stream = TcpStream::connect(&self.address).await?;
        stream.write_all(line).await?;
        let mut answer = Vec::new();
        BufReader::new(stream.take(1_024)).read_until(b'\n', &mut answer).await?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }
}
