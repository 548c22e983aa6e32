//! The engine with toy jobs: every slot one row and one execution, whatever happens.

mod stage;

mod catchup;
mod ordinary;
