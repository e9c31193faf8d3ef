//! Files as an operator writes them, right and wrong.

mod duty_to_report;
mod moving_reminders;
mod node_file;
mod partner_files;
mod people_file;
mod retention;
mod samples;
#[cfg(unix)]
mod secrets;
mod support;
mod template_files;
mod transitions;
