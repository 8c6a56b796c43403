"""Pure: context, voting, decision."""
