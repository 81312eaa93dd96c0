//! The event that a handler is given, built from the body that was accepted.

use std::collections::BTreeMap;

use doorman_core::store::Event;
use doorman_core::wire::json::{Build, JsonError, parse};
use doorman_plugin::event::rfc3339;
use rhai::{Dynamic, FLOAT, INT, Identifier, Map};

use crate::budget;
use crate::number::Number;

/// The headers that a request came with, by their names in lower case.
pub type Headers = BTreeMap<String, String>;

/// Which names the payload goes by in the event. A payload under two names is copied, so a script that does without one
/// of them should not pay for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Names {
    /// `event.data`.
    pub data: bool,
    /// `event.properties`, as it came.
    pub properties: bool,
    /// `event.headers`.
    pub headers: bool,
}

/// An event as its handlers get it.
pub(crate) struct Given {
    /// What `event` is.
    pub event: Dynamic,
    /// Its payload once more, if that was asked for: whatever a handler does to its event, this is what came.
    pub properties: Option<Dynamic>,
    /// The memory that all this takes.
    pub bytes: usize,
}

impl Names {
    /// What the texts of these scripts speak of. What does not appear in any text cannot be asked for by name.
    pub fn in_texts<'a>(mut texts: impl Iterator<Item = &'a str> + Clone) -> Self {
        let data = texts.clone().any(|text| text.contains("data"));
        let headers = texts.clone().any(|text| text.contains("headers"));
        let properties = texts.any(|text| text.contains("properties"));
        Self { data, properties: properties || !data, headers }
    }
}

/// A payload is kept for an action that sends it as it came, unless it is longer: then it is read once more.
const MAX_KEPT_BYTES: usize = 65_536;

/// How an event is to be given to its handlers.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    /// What its payload goes by.
    pub names: Names,
    /// Whether the payload is wanted once more, as it came.
    pub keep_properties: bool,
    /// How many bytes of memory it may take.
    pub max_memory: usize,
}

/// Builds the event. Its name, source, environment and time are Doorman's; everything else is as it came.
pub(crate) fn given(event: &Event, headers: &Headers, asked: Asked) -> Result<Given, JsonError> {
    let Asked { names, keep_properties, max_memory } = asked;
    let before = budget::held();
    let mut map = body(event, max_memory)?;
    let keep_properties = keep_properties && event.body.len() <= MAX_KEPT_BYTES;
    let properties = keep_properties.then(|| map_or_none(map.get("properties").cloned()));
    if names.data {
        let payload =
            if names.properties { map.get("properties").cloned() } else { map.remove("properties") };
        map.insert("data".into(), map_or_none(payload));
    }
    let info = &event.info;
    let known = [("event", &info.event), ("source", &info.source), ("environment", &info.environment)];
    let ids = [("userId", info.user_id.as_ref()), ("messageId", info.message_id.as_ref())];
    let ids = ids.into_iter().filter_map(|(name, id)| Some((name, id?)));
    for (name, value) in known.into_iter().chain(ids) {
        map.insert(name.into(), (&**value).into());
    }
    map.insert("timestamp".into(), rfc3339(info.timestamp).into());
    if names.headers {
        let headers = headers.iter().map(|(name, value)| (name.as_str().into(), value.into()));
        map.insert("headers".into(), headers.collect::<Map>().into());
    }
    let bytes = usize::try_from(budget::held() - before).unwrap_or(0);
    if bytes > max_memory {
        let message =
            "`event.data` and `event.properties` together take more memory than they may: use one of them";
        return Err(JsonError { line: 1, column: 1, message: message.to_owned() });
    }
    Ok(Given { event: map.into(), properties, bytes })
}

/// What the sender sent as `properties`, before any handler has touched it; an empty map when there was none.
pub(crate) fn properties(event: &Event) -> Result<Dynamic, JsonError> {
    Ok(map_or_none(body(event, budget::room())?.remove("properties")))
}

fn map_or_none(payload: Option<Dynamic>) -> Dynamic {
    payload.filter(|payload| !payload.is_unit()).unwrap_or_else(|| Map::new().into())
}

fn body(event: &Event, max_memory: usize) -> Result<Map, JsonError> {
    let mut values = Values { held_at_most: budget::held().saturating_add_unsigned(max_memory) };
    let value = parse(&event.body, &mut values)?;
    value.try_cast::<Map>().ok_or_else(|| JsonError {
        line: 1,
        column: 1,
        message: "the event is not an object".to_owned(),
    })
}

/// Builds the values of scripts.
pub(crate) struct Values {
    /// By the thread.
    held_at_most: isize,
}

impl Values {
    /// Of any size: the file that they stand in has a limit.
    pub fn of_file() -> Self {
        Self { held_at_most: isize::MAX }
    }
}

impl Build for Values {
    type Value = Dynamic;
    type Key = Identifier;
    type Object = Map;

    fn null(&mut self) -> Dynamic {
        Dynamic::UNIT
    }

    fn bool(&mut self, value: bool) -> Dynamic {
        value.into()
    }

    fn integer(&mut self, value: INT) -> Dynamic {
        value.into()
    }

    fn float(&mut self, value: FLOAT) -> Dynamic {
        value.into()
    }

    fn opaque_number(&mut self, text: &str) -> Dynamic {
        Dynamic::from(Number(text.into()))
    }

    fn string(&mut self, value: &str) -> Dynamic {
        value.into()
    }

    fn array(&mut self, items: Vec<Dynamic>) -> Dynamic {
        Dynamic::from_array(items)
    }

    fn is_full(&self) -> bool {
        budget::held() > self.held_at_most
    }

    fn key(&mut self, name: &str) -> Identifier {
        name.into()
    }

    fn object(&mut self) -> Map {
        Map::new()
    }

    fn member(&mut self, object: &mut Map, key: Identifier, value: Dynamic) {
        object.insert(key, value);
    }

    fn finish(&mut self, object: Map) -> Dynamic {
        Dynamic::from_map(object)
    }
}
