//! `stafett serve`: runs the node until it is asked to stop.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use stafett_config::NodeConfig;
use stafett_node::observability::logs;
use stafett_node::shutdown::StopSignals;
use stafett_node::startup::{self, Options};

use super::folder::{Listen, NodeFolder};
use super::print;

/// How long the process waits for what still runs in threads of its own, after the node stopped.
const THREADS_MAX: Duration = Duration::from_secs(1);

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    folder: NodeFolder,
    /// Address and TCP port for people, above the settings
    #[arg(long, value_name = "ADDR")]
    web: Option<SocketAddr>,
    /// Address and UDP port for partners' nodes, above the settings
    #[arg(long, value_name = "ADDR")]
    quic: Option<SocketAddr>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let listen = Listen { web: arguments.web, quic: arguments.quic };
    let config = arguments.folder.config_listening(&listen)?;
    logs::start(&config.observability);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(serve(config));
    runtime.shutdown_timeout(THREADS_MAX);
    outcome
}

async fn serve(config: NodeConfig) -> anyhow::Result<ExitCode> {
    let mut signals = StopSignals::listen()?;
    let organisation = config.node.organisation;
    let mut node = startup::start(config, Options::default()).await?;
    if let Err(error) = print::line(format_args!("ready web=http://{} quic={}", node.web, node.quic)) {
        tracing::warn!(%error, "nobody reads standard output");
    }
    tracing::info!(%organisation, web = %node.web, quic = %node.quic, "the node serves");
    let signal = tokio::select! {
        signal = signals.received() => Some(signal),
        () = node.broken() => None,
    };
    match signal {
        Some(signal) => tracing::info!(signal, "the node stops"),
        None => tracing::error!("a part of the node has ended, so the rest stops"),
    }
    let in_time = tokio::select! {
        in_time = node.stop() => in_time,
        // Whoever asks twice does not want to wait.
        _ = signals.received() => false,
    };
    if in_time {
        tracing::info!("the node has stopped");
    } else {
        tracing::warn!("the node has stopped before everything had ended by itself");
    }
    Ok(if signal.is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
