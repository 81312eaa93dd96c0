//! Which command does what.

use std::net::{SocketAddr, ToSocketAddrs};
use std::process::ExitCode;

use doorman_plugin::Secret;
use serde::Serialize;

use crate::admin::view::ReportView;
use crate::cli::destinations::Act;
use crate::cli::{
    AdminClient, Cli, CliError, Command, ConfigCommand, DeliveriesCommand, DestinationsCommand,
    EventsCommand, Exit, Screen, StoreCommand, check, definitions, deliveries, destinations, error, events,
    operations, replay, screen, send, status, store, test, try_event,
};
use crate::config::{AdminAuth, AdminListen, Config};
use crate::foundation::{self, Built};
use crate::listening::Listening;
use crate::tokens::{self, Tokens};
use crate::{reload, run};

/// Carries out what was typed.
pub fn dispatch(cli: Cli) -> ExitCode {
    match &cli.command {
        Command::Run { curl } => {
            let curl = *curl;
            built(&cli).map_or_else(Into::into, |built| run::run(built, curl))
        }
        _ => error::conclude(with_config(&cli)).into(),
    }
}

fn built(cli: &Cli) -> Result<Built, Exit> {
    foundation::build(&cli.config).map_err(|problems| {
        eprintln!("{problems}");
        Exit::Config
    })
}

/// The commands that make no plugins, but for `doorman check`.
fn with_config(cli: &Cli) -> Result<Exit, CliError> {
    let mut out = std::io::stdout().lock();
    let mut screen = Screen::new(&mut out, cli.output, screen::color_is_wanted());
    match &cli.command {
        Command::Check(args) => return check::run(&cli.config, args, &mut screen),
        Command::Definitions(args) => return definitions::run(args, &mut screen),
        _ => {}
    }
    let config = Config::load(&cli.config, foundation::environment_variables())
        .map_err(|problems| CliError::Config(problems.to_string()))?;
    let (root, world) = (&config.scripts.path, || reload::world(&config));
    match &cli.command {
        Command::Test(args) => test::run(root, &world(), args, &mut screen),
        Command::Try(args) => try_event::run(root, &world(), args, &mut std::io::stdin(), &mut screen),
        Command::Sources => sources(&config, &mut screen),
        Command::Config(ConfigCommand::Show) => {
            screen.line(&config.show())?;
            Ok(Exit::Ok)
        }
        command => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(with_daemon(&config, command, &mut screen))
        }
    }
}

async fn with_daemon(config: &Config, command: &Command, screen: &mut Screen<'_>) -> Result<Exit, CliError> {
    let client = client(config)?;
    match command {
        Command::Status => status::run(&client, screen).await,
        Command::Reload { force } => crate::cli::reload::run(&client, *force, screen).await,
        Command::Events(EventsCommand::List(args)) => events::list(&client, args, screen).await,
        Command::Events(EventsCommand::Show { id }) => events::show(&client, id, screen).await,
        Command::Deliveries(DeliveriesCommand::List(args)) => deliveries::list(&client, args, screen).await,
        Command::Deliveries(DeliveriesCommand::Retry { chosen, cancelled }) => {
            operations::retry(&client, chosen, *cancelled, screen).await
        }
        Command::Deliveries(DeliveriesCommand::Release { chosen }) => {
            operations::release(&client, chosen, screen).await
        }
        Command::Deliveries(DeliveriesCommand::Discard { chosen, open }) => {
            operations::discard(&client, chosen, *open, screen).await
        }
        Command::Destinations(DestinationsCommand::List) => destinations::list(&client, screen).await,
        Command::Destinations(DestinationsCommand::Pause { name }) => {
            destinations::act(&client, name, Act::Pause, screen).await
        }
        Command::Destinations(DestinationsCommand::Move { name, to }) => {
            operations::move_all(&client, name, to, screen).await
        }
        Command::Destinations(DestinationsCommand::Resume { name }) => {
            destinations::act(&client, name, Act::Resume, screen).await
        }
        Command::Replay(args) => replay::run(&client, args, screen).await,
        Command::Store(StoreCommand::Verify) => {
            let report = match store::verify(&client).await {
                Err(CliError::NotRunning { .. }) => verify_folder(config)?,
                answer => answer?,
            };
            store::show(&report, screen)
        }
        Command::Send(args) => {
            let endpoint = endpoint(config, args)?;
            send::run(&client, &endpoint, args, &mut std::io::stdin(), screen).await
        }
        // `dispatch` and `with_config` have taken the others.
        _ => Ok(Exit::Ok),
    }
}

/// Verifies the store that no daemon has open.
fn verify_folder(config: &Config) -> Result<ReportView, CliError> {
    let settings = foundation::store_settings(config);
    Ok(ReportView::of(&doorman_store::Store::verify_folder(&config.store.path, &settings)?))
}

/// A row of `doorman sources`.
#[derive(Serialize)]
struct SourceRow<'a> {
    source: &'a str,
    environment: &'a str,
    url: String,
}

fn sources(config: &Config, screen: &mut Screen<'_>) -> Result<Exit, CliError> {
    let tokens = all_tokens(config)?;
    let base = public_url(config);
    let configured = tokens.rows().iter().filter(|row| {
        config.sources.get(&row.source).is_some_and(|source| source.environments.contains(&row.environment))
    });
    let rows: Vec<SourceRow<'_>> = configured
        .map(|row| SourceRow {
            source: &row.source,
            environment: &row.environment,
            url: tokens::url(&base, &row.token),
        })
        .collect();
    if screen.is_json() {
        screen.json(&rows)?;
        return Ok(Exit::Ok);
    }
    for row in rows {
        screen.line(&format!("{:<20} {:<16} {}", row.source, row.environment, row.url))?;
    }
    Ok(Exit::Ok)
}

fn all_tokens(config: &Config) -> Result<Tokens, CliError> {
    Tokens::load_or_create(&config.store.path, &config.endpoints())
        .map_err(|error| CliError::Data(error.to_string()))
}

/// What URLs begin with; with port 0, the port that the running daemon was given.
fn public_url(config: &Config) -> String {
    match (&config.server.public_url, config.server.listen.port, Listening::read(&config.store.path)) {
        (None, 0, Some(listening)) => format!("http://{}", listening.server),
        _ => config.server.public_url(),
    }
}

/// Where `doorman send` posts: this machine's own listener, whatever the public URL is.
fn endpoint(config: &Config, args: &crate::cli::SendArgs) -> Result<String, CliError> {
    let source = config.sources.get(&args.source).ok_or_else(|| {
        let known: Vec<&str> = config.sources.keys().map(String::as_str).collect();
        CliError::Usage(format!(
            "there is no source `{}`; the configuration has {}",
            args.source,
            known.join(", ")
        ))
    })?;
    let environment = match (&args.env, source.environments.as_slice()) {
        (Some(name), all) if all.contains(name) => name,
        (None, [only]) => only,
        (_, all) => {
            let message =
                format!("the source `{}` is in {}: say which with --env", args.source, all.join(", "));
            return Err(CliError::Usage(message));
        }
    };
    let tokens = all_tokens(config)?;
    let row = tokens.rows().iter().find(|row| row.source == args.source && &row.environment == environment);
    let row = row.ok_or_else(|| CliError::Data(format!("the source `{}` has no token", args.source)))?;
    let listening = Listening::read(&config.store.path).filter(|_| config.server.listen.port == 0);
    let base =
        listening.map_or_else(|| config.server.listen.to_string(), |listening| listening.server.to_string());
    Ok(tokens::url(&format!("http://{base}"), &row.token))
}

fn client(config: &Config) -> Result<AdminClient, CliError> {
    let AdminListen::Tcp(address) = &config.admin.listen else {
        return Err(CliError::Usage(
            "`admin.listen` names a unix socket, which this version does not serve".to_owned(),
        ));
    };
    let given =
        Listening::read(&config.store.path).filter(|_| address.port == 0).map(|listening| listening.admin);
    let resolved: Option<SocketAddr> = given.or_else(|| address.to_string().to_socket_addrs().ok()?.next());
    let address =
        resolved.ok_or_else(|| CliError::Usage(format!("`admin.listen` names no address: {address}")))?;
    let token = match &config.admin.auth {
        AdminAuth::None => None,
        AdminAuth::Token(reference) => Some(
            Secret::resolve(reference).map_err(|error| CliError::Data(format!("admin.token: {error}")))?,
        ),
    };
    Ok(AdminClient::new(address, token))
}
