"""``serve``: the agency on a socket, in this process or in several that share it."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import sys
import threading
from pathlib import Path

import uvicorn

from agency import tls, workers
from agency.bootstrap import build
from agency.clock import SystemClock
from agency.errors import AgencyTrouble
from agency.options import add_books, books_again
from agency.patience import PatientProtocol
from engine.protocol.profile import DEMONSTRATION, Credentials, Profile

_BACKLOG = 1_024


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``serve`` may be told."""
    add_books(parser)
    parser.add_argument("--host", default="127.0.0.1", help="监听地址")
    parser.add_argument("--port", type=int, default=8080, help="端口，0 为自动选择")
    parser.add_argument("--workers", type=int, default=1, help="同时服务的进程数（Linux）")
    parser.add_argument("--demonstration", action="store_true", help="装入演示人员、药品和处方")
    parser.add_argument("--until-stdin-closes", action="store_true", help="标准输入关闭时退出")
    parser.add_argument("--paasid", default=DEMONSTRATION.paasid, help="应用编号 x-tif-paasid")
    parser.add_argument("--secret-file", type=Path, help="存放密钥的文件；不给则用演示密钥")
    parser.add_argument("--operations-token", help="查看运行页 /operations 的口令；不给则只许本机查看")
    parser.add_argument("--tls-certificate", type=Path, help="证书链（PEM）；给了就用 https 服务")
    parser.add_argument("--tls-key", type=Path, help="证书的私钥（PEM）；不给则在证书文件里")
    parser.add_argument("--fd", type=int, help=argparse.SUPPRESS)  # A worker's socket, from its parent.


def serve(args: argparse.Namespace) -> int:
    """Serve until told to end; return the exit status. Raises AgencyTrouble where it cannot."""
    if args.fd is not None:
        with socket.socket(fileno=args.fd) as listening:
            return _serve_here(args, listening)
    if args.tls_certificate is not None:
        tls.check(args.tls_certificate, args.tls_key, SystemClock().now())
    elif args.tls_key is not None:
        raise AgencyTrouble("只给了私钥 --tls-key，没有给证书 --tls-certificate，经办端没有启动。请补上。")
    if args.workers > 1 and os.name == "nt":
        raise AgencyTrouble("多进程服务（--workers）目前只支持 Linux，请去掉这个选项。")
    with _bound(args.host, args.port) as listening:
        if args.workers > 1:
            return _serve_by_workers(args, listening)
        return _serve_here(args, listening)


def _serve_here(args: argparse.Namespace, listening: socket.socket) -> int:
    web, database = build(
        where=args.where,
        partitions=args.partitions,
        clock=SystemClock(),
        profile=Profile(),
        credentials=Credentials(paasid=args.paasid, secret=_secret(args.secret_file)),
        demonstration=args.demonstration,
        operations_token=args.operations_token,
    )
    with contextlib.closing(database):
        server = uvicorn.Server(
            uvicorn.Config(
                web,
                lifespan="off",
                access_log=False,
                log_config=None,
                loop="asyncio",
                http=PatientProtocol,
                ssl_certfile=args.tls_certificate,
                ssl_keyfile=args.tls_key,
            )
        )
        if args.until_stdin_closes:
            threading.Thread(target=_stop_at_end_of_input, args=(server,), daemon=True).start()
        if args.fd is None:
            _announce(args, listening.getsockname()[1])
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[listening])
    return 0


def _serve_by_workers(args: argparse.Namespace, listening: socket.socket) -> int:
    # Once here, so that what is wrong is said once, and no two workers fill the same books.
    _web, database = build(
        where=args.where,
        partitions=args.partitions,
        clock=SystemClock(),
        profile=Profile(),
        credentials=Credentials(paasid=args.paasid, secret=_secret(args.secret_file)),
        demonstration=args.demonstration,
    )
    database.close()
    command = ["serve", *books_again(args), "--paasid", args.paasid, "--fd", str(listening.fileno())]
    if args.secret_file is not None:
        command += ["--secret-file", str(args.secret_file)]
    if args.tls_certificate is not None:
        command += ["--tls-certificate", str(args.tls_certificate)]
    if args.tls_key is not None:
        command += ["--tls-key", str(args.tls_key)]
    if args.operations_token is not None:
        command += ["--operations-token", args.operations_token]
    _announce(args, listening.getsockname()[1])
    return workers.supervise(
        command, args.workers, listening.fileno(), until_stdin_closes=args.until_stdin_closes
    )


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP: only then asyncio sends an answer's end at once, else it waits 40 ms for the caller's.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
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


def _announce(args: argparse.Namespace, port: int) -> None:
    shown = f"[{args.host}]" if ":" in args.host else args.host
    scheme = "http" if args.tls_certificate is None else "https"
    sys.stdout.write(json.dumps({"url": f"{scheme}://{shown}:{port}"}) + "\n")
    sys.stdout.flush()


def _secret(file: Path | None) -> str:
    if file is None:
        return DEMONSTRATION.secret
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise AgencyTrouble(f"密钥文件读不出来（{file}），请检查路径和读取权限。") from error


def _stop_at_end_of_input(server: uvicorn.Server) -> None:
    workers.wait_for_end_of_input()
    server.should_exit = True
