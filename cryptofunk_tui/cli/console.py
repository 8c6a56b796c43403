"""Opens the console: the screen first, the engine after its first paint."""

from dataclasses import replace

from cryptofunk_tui.cli.options import CONSOLE_SPEED, RunOptions
from cryptofunk_tui.domain.errors import ProductError
from cryptofunk_tui.tui.app import CryptoFunkApp, EngineHandle, Publish


def open_console(options: RunOptions) -> int:
    """Run the console until the person leaves; the exit code. The console goes on with the run that the
    state directory holds."""
    options = replace(options, resume=True)

    def make_engine(publish: Publish) -> EngineHandle:
        from cryptofunk_tui.orchestrator.engine import Engine

        simulated = options.settings.simulated
        paced = simulated.model_copy(update={"speed": simulated.speed or CONSOLE_SPEED})
        return Engine(
            options.settings.model_copy(update={"simulated": paced}),
            options.state_dir,
            publish,
            cycles=options.cycles,
            resume=options.resume,
            watched=True,
        )

    def kill_switch(actor: str) -> None:
        from cryptofunk_tui.storage.control import touch_kill

        touch_kill(options.state_dir, f"killed by {actor}")

    app = CryptoFunkApp(make_engine, kill_switch=kill_switch)
    app.run()
    if app.last_error is not None:
        raise ProductError(app.last_error)
    return app.return_code or 0
