//! `doorman deliveries retry` and `doorman deliveries discard`.

use super::ChosenArgs;
use super::client::{AdminClient, with_parameters};
use super::error::CliError;
use super::exit::Exit;
use super::screen::Screen;
use super::text::safe;
use crate::admin::view::{
    DeliveriesPage, DeliveryRow, DiscardAnswer, MoveAnswer, MoveRequest, ReleaseAnswer, RetryAnswer,
};

/// How many ids are sent in one request.
const IDS: usize = 500;

/// Makes dead or cancelled deliveries due again; [`Exit::Failed`] when one of them was neither.
pub async fn retry(
    client: &AdminClient,
    chosen: &ChosenArgs,
    cancelled: bool,
    screen: &mut Screen<'_>,
) -> Result<Exit, CliError> {
    let mut all = RetryAnswer::default();
    let mut choice = Choice::new(client, chosen, if cancelled { "cancelled" } else { "dead" });
    while let Some(ids) = choice.next().await? {
        let answer: RetryAnswer = client.post_ids("/api/deliveries/retry", ids).await?;
        all.retried.extend(answer.retried);
        all.left.extend(answer.left);
    }
    if screen.is_json() {
        screen.json(&all)?;
    } else {
        say(screen, &all.retried, "due again")?;
        say(screen, &all.left, "neither dead nor cancelled: left as it is")?;
        choice.say_if_empty(screen)?;
    }
    Ok(exit(&all.left))
}

/// Lets deliveries go that the flood guard holds; [`Exit::Failed`] when one that was named was not held.
pub async fn release(
    client: &AdminClient,
    chosen: &ChosenArgs,
    screen: &mut Screen<'_>,
) -> Result<Exit, CliError> {
    let mut all = ReleaseAnswer::default();
    let mut choice = Choice::new(client, chosen, "open");
    while let Some(ids) = choice.next().await? {
        let answer: ReleaseAnswer = client.post_ids("/api/deliveries/release", ids).await?;
        all.released.extend(answer.released);
        // Of all that is open, most is not held.
        if !chosen.all {
            all.left.extend(answer.left);
        }
    }
    if screen.is_json() {
        screen.json(&all)?;
    } else if chosen.all {
        screen.line(&format!("released {} deliveries", all.released.len()))?;
    } else {
        say(screen, &all.released, "released")?;
        say(screen, &all.left, "not held by the flood guard: left as it is")?;
    }
    Ok(exit(&all.left))
}

/// Cancels dead or open deliveries; [`Exit::Failed`] when one of them was neither.
pub async fn discard(
    client: &AdminClient,
    chosen: &ChosenArgs,
    open: bool,
    screen: &mut Screen<'_>,
) -> Result<Exit, CliError> {
    let mut all = DiscardAnswer::default();
    let mut choice = Choice::new(client, chosen, if open { "open" } else { "dead" });
    while let Some(ids) = choice.next().await? {
        let answer: DiscardAnswer = client.post_ids("/api/deliveries/discard", ids).await?;
        all.discarded.extend(answer.discarded);
        all.left.extend(answer.left);
    }
    if screen.is_json() {
        screen.json(&all)?;
    } else {
        say(screen, &all.discarded, "cancelled")?;
        say(screen, &all.left, "neither open nor dead: left as it is")?;
        choice.say_if_empty(screen)?;
    }
    Ok(exit(&all.left))
}

/// Has all open deliveries of a destination go to another one.
pub async fn move_all(
    client: &AdminClient,
    name: &str,
    to: &str,
    screen: &mut Screen<'_>,
) -> Result<Exit, CliError> {
    let chosen = ChosenArgs { ids: Vec::new(), all: true, destination: Some(name.to_owned()) };
    let mut choice = Choice::new(client, &chosen, "open");
    let mut all = MoveAnswer::default();
    while let Some(ids) = choice.next().await? {
        let request = MoveRequest { ids, to: to.to_owned() };
        let answer: MoveAnswer = client.post("/api/deliveries/move", &request).await?;
        all.moved.extend(answer.moved);
        all.left.extend(answer.left);
    }
    if screen.is_json() {
        screen.json(&all)?;
    } else {
        screen.line(&format!("{} deliveries of {} go to {}", all.moved.len(), safe(name), safe(to)))?;
        choice.say_if_empty(screen)?;
    }
    Ok(Exit::Ok)
}

fn say(screen: &mut Screen<'_>, ids: &[String], what: &str) -> Result<(), CliError> {
    for id in ids {
        screen.line(&format!("{}  {what}", safe(id)))?;
    }
    Ok(())
}

fn exit(left: &[String]) -> Exit {
    if left.is_empty() { Exit::Ok } else { Exit::Failed }
}

/// The ids that were chosen, a request's worth at a time: those that were typed, or all of a list, page by page. A list
/// is gone through once from its newest row on, so that what comes back to it meanwhile is not met again.
struct Choice<'a> {
    client: &'a AdminClient,
    chosen: &'a ChosenArgs,
    state: &'static str,
    typed: std::slice::Chunks<'a, String>,
    before: Option<String>,
    ended: bool,
    found: bool,
}

impl<'a> Choice<'a> {
    fn new(client: &'a AdminClient, chosen: &'a ChosenArgs, state: &'static str) -> Self {
        let typed = chosen.ids.chunks(IDS);
        Self { client, chosen, state, typed, before: None, ended: !chosen.all, found: !chosen.all }
    }

    async fn next(&mut self) -> Result<Option<Vec<String>>, CliError> {
        if let Some(ids) = self.typed.next() {
            return Ok(Some(ids.to_vec()));
        }
        while !self.ended {
            let limit = IDS.to_string();
            let parameters = [
                ("state", Some(self.state)),
                ("destination", self.chosen.destination.as_deref()),
                ("limit", Some(limit.as_str())),
                ("before", self.before.as_deref()),
            ];
            let path = with_parameters("/api/deliveries", &parameters);
            let page: DeliveriesPage<DeliveryRow> = self.client.get(&path).await?;
            self.ended = page.next.is_none();
            self.before = page.next;
            if !page.deliveries.is_empty() {
                self.found = true;
                return Ok(Some(page.deliveries.into_iter().map(|row| row.id).collect()));
            }
        }
        Ok(None)
    }

    fn say_if_empty(&self, screen: &mut Screen<'_>) -> Result<(), CliError> {
        if self.found {
            return Ok(());
        }
        let of = self.chosen.destination.as_deref().map(|name| format!(" of {}", safe(name)));
        Ok(screen.line(&format!("no {} deliveries{}", self.state, of.unwrap_or_default()))?)
    }
}
