//! `doorman run`: from the configuration to a running daemon, and back to nothing.

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use doorman_core::clock::Clock;
use doorman_core::identity::IdentityKey;
use doorman_core::receive::body::BodyLimits;
use doorman_core::receive::rate::Rate;
use doorman_core::receive::{Admission, Endpoint, Endpoints, Limits, Receiver};
use doorman_core::supervise::threads::OneEach;
use doorman_core::supervise::{Supervisor, panics};
use doorman_store::{OpenError, Opened, Store, Writer};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::admin::{self, Admin, Auth, Verification};
use crate::ballast::Ballast;
use crate::cli::Exit;
use crate::config::{AdminAuth, AdminListen, Config};
use crate::destinations::Destinations;
use crate::foundation::{self, Built};
use crate::listening::{self, Listening};
use crate::operating::{Doorkeeper, Inspector, Operating};
use crate::pipeline::{self, Pipeline};
use crate::reload::{Parts, Reloader, ScriptKeeper};
use crate::startup::StartError;
use crate::stopping::{self, Running, Signals};
use crate::systemd::Notifier;
use crate::tokens::{self, Tokens};
use crate::{disk, logging};

/// Runs the daemon until it is told to stop. `curl`: print a line to paste for each endpoint, once it listens.
pub fn run(built: Built, curl: bool) -> ExitCode {
    logging::start(built.config.log.level);
    panics::note();
    let system = actix::System::with_tokio_rt(|| {
        tokio::runtime::Builder::new_multi_thread().enable_all().build().expect(
            "a runtime needs threads and an epoll instance; a system that has none left cannot run a daemon",
        )
    });
    match system.block_on(serve(built, curl)) {
        Ok(exit) => exit.into(),
        Err(error) => {
            tracing::error!("{error}");
            error.exit().into()
        }
    }
}

async fn serve(built: Built, curl: bool) -> Result<Exit, StartError> {
    let Built { config, plugins, secrets } = built;
    let signals = Signals::listen()?;
    // Ports before the store: a second daemon by mistake fails here, quickly and without touching anything.
    let server = listening::bind(&config.server.listen.to_string(), "server.listen").await?;
    let admin_listener = listening::bind(&admin_address(&config)?, "admin.listen").await?;
    let listening = Listening { server: server.local_addr()?, admin: admin_listener.local_addr()? };
    let ballast = Ballast::new(&config.store.path, config.store.ballast_bytes);
    ballast.release_if_full();
    let opened = open(&config, &ballast)?;
    if let Some(bytes) = opened.torn_bytes {
        tracing::warn!(bytes, "a power cut left half a record at the end of the store's log: it was cut off");
    }
    let tokens = Tokens::load_or_create(&config.store.path, &config.endpoints())?;
    let (supervisor, escalations) = Supervisor::new(foundation::restart_policy(&config));
    let clock = Clock::system(opened.clock_floor);
    let parts = Parts {
        log: Arc::clone(&opened.log) as _,
        clock: clock.clone(),
        supervisor: supervisor.clone(),
        notifier: Notifier::from_environment(),
    };
    let (keeper, found) = ScriptKeeper::start(&config, parts)?;

    let foundation = pipeline::Foundation {
        journals: journals(opened.journal, &opened.log),
        log: Arc::clone(&opened.log) as _,
        scripts: keeper.live(),
        clock: clock.clone(),
        supervisor: supervisor.clone(),
        threads: Arc::new(OneEach::default()),
    };
    let mut pipeline = pipeline::start(foundation, foundation::pipeline_settings(&config, plugins, secrets));
    let (scripts, watching) = Reloader::start((keeper, found), pipeline.mapping.clone(), &config)?;

    let admission = Admission::default();
    let store = &config.store;
    tokio::spawn(disk::watch(store.path.clone(), store.min_free_bytes, ballast, admission.clone()));
    let identity = IdentityKey::new(opened.secret, config.store.dedup_scope);
    let receiver = Arc::new(receiver(&config, &tokens, identity, &pipeline, admission.clone()));
    let (drain, draining) = watch::channel(false);
    let (close, closing) = watch::channel(false);
    pipeline.receive(server, Arc::clone(&receiver), draining);
    let verification = Verification::new(Arc::new(Inspector { store: Arc::clone(&opened.log) }));
    let operating = Operating {
        log: Arc::clone(&opened.log) as _,
        admission: admission.clone(),
        scripts: scripts.clone(),
        receiver,
        supervisor,
        deliveries: pipeline.deliveries.clone(),
        started: Instant::now(),
        clock,
    };
    let admin = start_admin(&config, admin_listener, (operating, verification), &pipeline, closing)?;
    listening.write(&config.store.path)?;
    announce(&config, &listening, &tokens, curl);

    let running = Running {
        drain,
        close,
        pipeline,
        admin,
        store: opened.log,
        scripts,
        watching: Some(watching),
        admission,
    };
    Ok(stopping::until_the_end(running, signals, escalations, config.server.drain_timeout).await)
}

/// Opens the store; where that takes more room than the disk has, once more with the ballast's.
fn open(config: &Config, ballast: &Ballast) -> Result<Opened, OpenError> {
    let open = || Store::open(&config.store.path, foundation::store_settings(config));
    match open() {
        Err(error) if error.is_for_want_of_room() && ballast.release() => open(),
        result => result,
    }
}

/// The writing side that came with the opened store, and then a new one whenever a committer is made anew.
fn journals(opened: Writer, store: &Arc<Store>) -> pipeline::Journals {
    let opened = Mutex::new(Some(opened));
    let store = Arc::clone(store);
    Box::new(move || {
        let first = opened.lock().unwrap_or_else(PoisonError::into_inner).take();
        Box::new(first.unwrap_or_else(|| store.writer()))
    })
}

fn admin_address(config: &Config) -> Result<String, StartError> {
    match &config.admin.listen {
        AdminListen::Tcp(address) => Ok(address.to_string()),
        AdminListen::Unix(_) => Err(StartError::UnixSocket),
    }
}

fn receiver(
    config: &Config,
    tokens: &Tokens,
    identity: IdentityKey,
    pipeline: &Pipeline,
    admission: Admission,
) -> Receiver {
    let now = Clock::system(0).now();
    let valid = tokens.rows().iter().filter(|row| row.not_after.is_none_or(|end| end > now));
    let configured = valid.filter_map(|row| {
        let source = config.sources.get(&row.source)?;
        source.environments.contains(&row.environment).then(|| {
            let endpoint = Endpoint {
                source: row.source.as_str().into(),
                environment: row.environment.as_str().into(),
                rate: Some(Rate::per_second(source.max_events_per_s)),
            };
            (row.token.clone(), endpoint)
        })
    });
    let limits = Limits {
        body: BodyLimits {
            max_body_bytes: config.server.max_body_bytes,
            max_in_flight_bytes: config.server.max_in_flight_bytes,
            timeout: config.server.body_timeout,
        },
        max_connections: config.server.max_connections,
        header_timeout: config.server.header_timeout,
    };
    let mut key = [0; 32];
    // Only a hash key: with zeros the lookup is still right, and a token still takes 160 bits of guessing.
    let _ = getrandom::fill(&mut key);
    Receiver::new(Endpoints::new(key, configured), identity, pipeline.commits.clone(), admission, limits)
}

fn start_admin(
    config: &Config,
    listener: TcpListener,
    (operating, verification): (Operating, Arc<Verification>),
    pipeline: &Pipeline,
    mut closing: watch::Receiver<bool>,
) -> Result<tokio::task::JoinHandle<()>, StartError> {
    let auth = match &config.admin.auth {
        AdminAuth::None => Auth::None,
        AdminAuth::Token(reference) => Auth::Token(doorman_plugin::Secret::resolve(reference)?),
    };
    let admin = Admin {
        log: Arc::clone(&operating.log) as _,
        metrics: operating.metrics(),
        destinations: Arc::new(Destinations::new(&pipeline.deliveries, |name| plugin_of(config, name))),
        scripts: Arc::new(operating.scripts.clone()),
        verification,
        operate: Arc::new(Doorkeeper {
            commits: pipeline.commits.clone(),
            mapping: pipeline.mapping.clone(),
        }),
        clock: operating.clock.clone(),
        health: Arc::new(operating),
        auth,
        version: env!("CARGO_PKG_VERSION"),
    };
    let shutdown = async move {
        // The sender is only dropped at the very end.
        let _ = closing.wait_for(|close| *close).await;
    };
    Ok(tokio::spawn(admin::serve(listener, Arc::new(admin), shutdown)))
}

/// The name of a destination's plugin; the built-in destination has none.
fn plugin_of(config: &Config, name: &str) -> String {
    config.destinations.get(name).map_or("-", |one| &one.plugin).to_owned()
}

/// Says that it listens. The URLs are secrets: they are printed only where an operator asked for them.
fn announce(config: &Config, listening: &Listening, tokens: &Tokens, curl: bool) {
    tracing::info!(
        server = %listening.server,
        admin = %listening.admin,
        store = %config.store.path.display(),
        scripts = %config.scripts.path.display(),
        "listening; `doorman sources` prints the URLs to post to"
    );
    if !curl {
        return;
    }
    let base = format!("http://{}", listening.server);
    for row in tokens.rows().iter().filter(|row| config.sources.contains_key(&row.source)) {
        let url = tokens::url(&base, &row.token);
        eprintln!(
            "\nPaste this into another terminal:\n\n  curl -i {url} \\\n    -H 'Content-Type: application/json' \\\n    \
             -d '{{\"type\":\"track\",\"event\":\"order.created\",\"userId\":\"u1\",\"messageId\":\"m-1\",\
             \"properties\":{{\"orderId\":\"A-1\",\"total\":59.90}}}}'\n"
        );
    }
}
