"""``python -m agency serve``: the reference agency in its own process."""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import socket
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from agency.bootstrap import build
from agency.clock import SystemClock
from agency.errors import AgencyTrouble
from engine.protocol.profile import DEMONSTRATION, Credentials, Profile

TROUBLE = 3
_BACKLOG = 128


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status: 3 and a sentence on stderr where it cannot serve."""
    args = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s", stream=sys.stderr)
    try:
        return _serve(args)
    except AgencyTrouble as trouble:
        sys.stderr.write(f"{trouble.text}\n")
        return TROUBLE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="agency", description="参考经办端")
    serve = parser.add_subparsers(dest="command", required=True).add_parser("serve", help="启动经办端")
    serve.add_argument("--host", default="127.0.0.1", help="监听地址")
    serve.add_argument("--port", type=int, default=8080, help="端口，0 为自动选择")
    serve.add_argument("--data", type=Path, required=True, help="数据目录")
    serve.add_argument("--demonstration", action="store_true", help="装入演示人员、药品和处方")
    serve.add_argument("--until-stdin-closes", action="store_true", help="标准输入关闭时退出")
    serve.add_argument("--paasid", default=DEMONSTRATION.paasid, help="应用编号 x-tif-paasid")
    serve.add_argument("--secret-file", type=Path, help="存放密钥的文件；不给则用演示密钥")
    return parser


def _serve(args: argparse.Namespace) -> int:
    web, db = build(
        data=args.data,
        clock=SystemClock(),
        profile=Profile(),
        credentials=Credentials(paasid=args.paasid, secret=_secret(args.secret_file)),
        demonstration=args.demonstration,
    )
    with contextlib.closing(db), _bound(args.host, args.port) as listening:
        server = uvicorn.Server(
            uvicorn.Config(web, lifespan="off", access_log=False, log_config=None, loop="asyncio", http="h11")
        )
        if args.until_stdin_closes:
            threading.Thread(target=_stop_at_end_of_input, args=(server,), daemon=True).start()
        _announce(args.host, listening.getsockname()[1])
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[listening])
    return 0


def _bound(host: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        if os.name != "nt":
            # On Windows this option would let a second program take the same port.
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        listening.close()
        raise AgencyTrouble(
            f"经办端没有启动：{host} 的端口 {port} 不能使用，可能已被别的程序占用，或本机没有这个地址。"
            "请换一个端口，或核对 --host。"
        ) from error
    return listening


def _announce(host: str, port: int) -> None:
    shown = f"[{host}]" if ":" in host else host
    sys.stdout.write(json.dumps({"url": f"http://{shown}:{port}"}) + "\n")
    sys.stdout.flush()


def _secret(file: Path | None) -> str:
    if file is None:
        return DEMONSTRATION.secret
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise AgencyTrouble(f"密钥文件读不出来（{file}），请检查路径和读取权限。") from error


def _stop_at_end_of_input(server: uvicorn.Server) -> None:
    # os.read and not sys.stdin: its lock would be held by this thread when the interpreter ends.
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    server.should_exit = True


if __name__ == "__main__":
    sys.exit(main())
