//! What a panic said, and where: kept for whoever sees to its end on the same thread.

use std::any::Any;
use std::cell::RefCell;
use std::panic::PanicHookInfo;

thread_local! {
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// From now on every panic of the process is a line in the log, and [`last_here`] knows it.
pub fn note() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if tracing::dispatcher::has_been_set() {
            tracing::error!(thread = std::thread::current().name(), "{}", text(info));
        } else {
            before(info);
        }
        LAST.set(Some(text(info)));
    }));
}

/// The last panic on this thread that nobody has asked for yet: its message and its place.
pub fn last_here() -> Option<String> {
    LAST.take()
}

/// What a panic said, from what unwinding brought.
pub fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("a panic").to_owned()
}

fn text(info: &PanicHookInfo<'_>) -> String {
    let message = message(info.payload());
    match info.location() {
        Some(place) => format!("panicked at {}:{}: {message}", place.file(), place.line()),
        None => format!("panicked: {message}"),
    }
}
