//! The engine with toy jobs: every slot one row and one execution, whatever happens.

mod set_back;
mod stage;

mod catchup;
mod changes;
mod crash;
mod failing;
mod order;
mod ordinary;
mod previews;
mod property;
mod replay;
mod replicas;
mod status;
mod unknown;
mod unreadable;
mod watching;
