/** Everything that a person reads. */
export interface Texts {
  lang: "ko" | "en";
  service: string;
  otherLanguage: string;
  steps: readonly [string, string, string, string];
  finished: string;
  start: { title: string; lead: string; needs: string; need: readonly string[]; go: string; shared: string };
  choose: {
    where: string; title: string; folder: string; file: string; drop: string; again: string; reading: (count: number) => string;
    none: string; list: string; expired: string; notYet: string; until: (date: string, days: number) => string; valid: string; issued: (issuer: string, use: string) => string;
    unknownFile: string; problems: string; blocked: string; limited: string;
  };
  holders: Record<string, string>;
  password: { title: string; label: string; show: string; check: string; capsLock: string; hint: string; expired: (date: string) => string };
  connect: {
    title: string; opening: string; left: (minutes: number, seconds: number) => string; how: readonly string[]; larger: string; smaller: string; code: string; copy: string; copied: string;
    qr: string; renew: string; expired: string;
  };
  confirm: { title: string; device: string; hint: string; label: string; send: string; notMine: string; wrong: (left: number) => string };
  transfer: { title: string; lead: string };
  done: {
    title: string; stored: string; unsigned: string; fingerprint: (name: string, short: string) => string; question: string; warning: string; keep: string; remove: string;
    cannot: string; byHand: string; finish: string; files: string;
  };
  result: { deleted: string; kept: string; partly: string; refused: string; recovery: string; another: string };
  reconnecting: string;
  reconnected: string;
  back: string;
  restart: string;
  stopped: string;
  forDesk: (code: string) => string;
  errors: Record<string, string>;
  problems: Record<string, string>;
}

const ko: Texts = {
  lang: "ko",
  service: "인증서 이동",
  otherLanguage: "English",
  steps: ["인증서", "비밀번호", "휴대전화 연결", "완료"],
  finished: "완료",
  start: {
    title: "인증서를 휴대전화로 옮기기",
    lead: "설치할 프로그램이 없습니다. 비밀번호는 이 PC 밖으로 나가지 않습니다.",
    needs: "준비할 것",
    need: ["인증서가 있는 폴더(보통 C:\\GPKI 또는 NPKI) 또는 .pfx 파일", "인증서 비밀번호", "공직자통합메일 앱이 있는 휴대전화"],
    go: "시작하기",
    shared: "공용 PC라면 끝난 뒤 이 창을 닫으세요. 이 페이지는 PC에 아무것도 남기지 않습니다.",
  },
  choose: {
    where: "인증서가 있는 폴더를 고르세요",
    title: "옮길 인증서를 고르세요",
    folder: "인증서 폴더 선택",
    file: ".pfx 파일 선택",
    drop: "인증서 폴더나 .pfx 파일을 여기로 끌어다 놓거나, 아래에서 고르세요. 폴더는 보통 C:\\GPKI 또는 NPKI입니다.",
    again: "다른 폴더 고르기",
    reading: (count) => `파일을 읽는 중입니다. ${count}개`,
    none: "인증서를 찾지 못했습니다. signCert와 signPri, 또는 _sig.cer와 _sig.key가 있는 폴더를 고르세요.",
    list: "찾은 인증서",
    expired: "만료됨",
    notYet: "아직 유효하지 않음",
    until: (date, days) => `${date}까지 (${days}일 남음)`,
    valid: "유효",
    issued: (issuer, use) => `발급 ${issuer} · 용도 ${use}`,
    unknownFile: "비밀번호를 넣으면 내용이 보입니다",
    problems: "쓸 수 없는 파일",
    blocked: "브라우저가 이 폴더를 막습니다. 폴더를 여기로 끌어다 놓으세요. 원본 삭제는 직접 해야 합니다.",
    limited: "폴더가 너무 커서 일부만 읽었습니다. 인증서가 있는 폴더를 바로 고르세요.",
  },
  holders: {
    official: "공무원", public_body: "공공기관", seal: "전자관인", server: "서버", special_purpose: "특수목적",
    person: "개인", company: "법인", unknown: "용도 미상",
  },
  password: {
    title: "인증서 비밀번호를 입력하세요",
    label: "인증서 비밀번호",
    show: "비밀번호 보기",
    check: "확인",
    capsLock: "Caps Lock이 켜져 있습니다.",
    hint: "한/영과 대소문자를 확인하세요. 비밀번호는 이 PC에서만 확인합니다.",
    expired: (date) => `만료된 인증서입니다(${date}). 재발급 후 옮기세요.`,
  },
  connect: {
    title: "공직자통합메일 앱으로 QR 코드를 찍어 주세요",
    opening: "연결을 여는 중입니다…",
    left: (minutes, seconds) => `남은 시간 ${minutes}분 ${seconds}초`,
    how: ["휴대전화에서 공직자통합메일 앱을 엽니다.", "‘PC에서 가져오기’를 누르고 QR 코드를 찍습니다.", "휴대전화에 보안번호가 나오면 이 화면에 입력합니다."],
    larger: "크게 보기",
    smaller: "작게 보기",
    code: "QR을 찍을 수 없을 때: 연결번호",
    copy: "연결번호 복사",
    copied: "복사했습니다.",
    qr: "휴대전화로 찍을 QR 코드",
    renew: "새 QR 만들기",
    expired: "시간이 지나 연결을 닫았습니다.",
  },
  confirm: {
    title: "휴대전화에 보이는 보안번호를 입력하세요",
    device: "연결된 기기",
    hint: "번호가 다르거나 휴대전화에 번호가 없으면 보내지 마세요.",
    label: "보안번호 여섯 자리",
    send: "확인하고 보내기",
    notMine: "내 휴대전화가 아닙니다",
    wrong: (left) => `보안번호가 다릅니다. ${left}번 남았습니다.`,
  },
  transfer: { title: "보내는 중입니다. 창을 닫지 마세요.", lead: "휴대전화에서 인증서를 확인하고 저장하면 다음으로 넘어갑니다." },
  done: {
    title: "휴대전화에 저장하고 확인했습니다.",
    stored: "휴대전화에 저장했습니다.",
    unsigned: "휴대전화에서 아직 비밀번호를 확인하지 않았습니다.",
    fingerprint: (name, short) => `${name} · 지문 끝 네 자리 ${short}. 휴대전화의 것과 같은지 보세요.`,
    question: "원본을 삭제할까요?",
    warning: "삭제하면 이 PC에서 쓸 수 없습니다.",
    keep: "남겨 두기",
    remove: "원본 삭제",
    cannot: "이 PC의 원본은 그대로 있습니다",
    byHand: "이 브라우저는 파일을 삭제할 수 없습니다. 삭제하려면 파일 탐색기에서 고르신 폴더를 열고 아래 파일을 직접 삭제한 뒤 휴지통을 비우세요. 삭제하면 이 PC에서 쓸 수 없습니다.",
    finish: "마치기",
    files: "삭제할 파일",
  },
  result: {
    deleted: "원본을 삭제했습니다.",
    kept: "원본을 남겨 두었습니다.",
    partly: "일부만 삭제했습니다. 남은 파일:",
    refused: "허용하지 않아 삭제하지 않았습니다. 인증서 이동은 끝났습니다.",
    recovery: "파일 복구가 불가능하다는 뜻은 아닙니다.",
    another: "처음으로",
  },
  reconnecting: "연결이 끊겼습니다. 다시 연결하는 중…",
  reconnected: "다시 연결했습니다.",
  back: "뒤로",
  restart: "처음부터 다시",
  stopped: "인증서 이동을 마치지 못했습니다",
  forDesk: (code) => `문의할 때 알려 주실 코드: ${code}`,
  errors: {
    expired_before_join: "시간이 지나 연결을 닫았습니다.",
    expired: "시간이 지나 연결을 닫았습니다. 원본은 그대로입니다. 새 QR로 다시 시작하세요.",
    ended: "휴대전화에서 연결을 닫았습니다. 원본은 그대로입니다.",
    cancelled_by_peer: "휴대전화에서 취소했습니다. 원본은 그대로입니다.",
    refused_by_peer: "휴대전화에서 확인하지 못해 저장하지 않았습니다. 원본은 그대로입니다.",
    too_many_wrong_codes: "보안번호가 세 번 달라 안전을 위해 중단했습니다. 아무것도 보내지 않았습니다.",
    relay_lost: "중계 서버가 다시 시작되어 연결이 사라졌습니다. 원본은 그대로입니다. 새 QR로 다시 시작하세요.",
    relay_unreachable: "중계 서버에 연결할 수 없습니다. 원본은 그대로입니다. 네트워크를 확인하고 다시 시작하세요.",
    relay_busy: "중계 서버가 바쁩니다. 잠시 뒤 다시 시작하세요.",
    tampered: "전송 내용이 바뀌어 중단했습니다. 다른 네트워크에서 다시 시도하세요.",
    receipt_mismatch: "휴대전화의 확인이 보낸 것과 다릅니다. 원본은 그대로 두었습니다.",
    cancelled: "취소했습니다. 원본은 그대로입니다.",
    wrong_password: "비밀번호가 맞지 않습니다. 한/영, 대소문자를 확인하세요.",
    key_mismatch: "인증서와 개인키가 서로 맞지 않습니다.",
    key_damaged: "개인키 파일이 손상되었습니다.",
    too_many_iterations: "개인키의 암호 반복 횟수가 너무 커서 확인할 수 없습니다.",
    not_six_digits: "숫자 여섯 자리를 입력하세요.",
    offer_too_large: "인증서 파일이 너무 커서 옮길 수 없습니다.",
    insecure_origin: "보안 연결(https)이 필요합니다. 주소가 https로 시작하는지 확인하고, 아니면 전산 담당자에게 알려 주세요.",
    no_webassembly: "Chrome/Edge 최신판이 필요합니다. 이 브라우저는 WebAssembly를 쓸 수 없습니다. 브라우저를 업데이트하거나 전산 담당자에게 알려 주세요.",
    page_incomplete: "페이지를 모두 불러오지 못했습니다. 네트워크를 확인하고 새로고침하세요.",
    other: "문제가 생겨 중단했습니다. 원본은 그대로입니다. 처음부터 다시 시작하세요.",
  },
  problems: {
    key_missing: "개인키 파일이 없습니다",
    certificate_missing: "인증서 파일이 없습니다",
    certificate_unreadable: "인증서를 읽을 수 없습니다",
    key_unreadable: "개인키를 읽을 수 없습니다",
    key_not_encrypted: "개인키에 비밀번호가 없습니다",
    pkcs12_unreadable: "PKCS#12 파일이 아닙니다",
    file_too_large: "파일이 너무 큽니다",
    cannot_read: "파일을 읽을 수 없습니다",
  },
};

const en: Texts = {
  lang: "en",
  service: "Certificate transfer",
  otherLanguage: "한국어",
  steps: ["Certificate", "Password", "Connect phone", "Done"],
  finished: "done",
  start: {
    title: "Move a certificate to your phone",
    lead: "There is nothing to install. The password never leaves this PC.",
    needs: "What you need",
    need: ["The folder with the certificate (usually C:\\GPKI or NPKI), or a .pfx file", "The certificate password", "Your phone with the mail app"],
    go: "Start",
    shared: "On a shared PC, close this window when you are done. This page leaves nothing on the PC.",
  },
  choose: {
    where: "Choose the folder with the certificate",
    title: "Choose the certificate to move",
    folder: "Choose certificate folder",
    file: "Choose .pfx file",
    drop: "Drop the certificate folder or a .pfx file here, or choose it below. The folder is usually C:\\GPKI or NPKI.",
    again: "Choose another folder",
    reading: (count) => `Reading files: ${count}`,
    none: "No certificate was found. Choose a folder with signCert and signPri, or with _sig.cer and _sig.key.",
    list: "Certificates found",
    expired: "Expired",
    notYet: "Not valid yet",
    until: (date, days) => `Until ${date} (${days} ${days === 1 ? "day" : "days"} left)`,
    valid: "Valid",
    issued: (issuer, use) => `Issued by ${issuer} · Use: ${use}`,
    unknownFile: "Its contents show once the password is given",
    problems: "Files that cannot be used",
    blocked: "The browser blocks this folder. Drop the folder here instead. You will have to delete the original yourself.",
    limited: "The folder is too large, and only a part of it was read. Choose the certificates' own folder.",
  },
  holders: {
    official: "official", public_body: "public body", seal: "agency seal", server: "server", special_purpose: "special purpose",
    person: "person", company: "company", unknown: "unknown use",
  },
  password: {
    title: "Type the certificate password",
    label: "Certificate password",
    show: "Show password",
    check: "Continue",
    capsLock: "Caps Lock is on.",
    hint: "Check the keyboard language and Caps Lock. The password is checked on this PC only.",
    expired: (date) => `This certificate has expired (${date}). Renew it before moving it.`,
  },
  connect: {
    title: "Scan the QR code with the mail app",
    opening: "Opening the connection…",
    left: (minutes, seconds) => `${minutes} min ${seconds} s left`,
    how: ["Open the mail app on your phone.", "Choose “Bring from PC” and scan the QR code.", "Type the security code that the phone shows on this screen."],
    larger: "Enlarge",
    smaller: "Make smaller",
    code: "If you cannot scan: connection code",
    copy: "Copy code",
    copied: "Copied.",
    qr: "QR code to scan with the phone",
    renew: "Make a new QR",
    expired: "The connection timed out.",
  },
  confirm: {
    title: "Type the security code shown on the phone",
    device: "Connected device",
    hint: "Do not send if the codes differ or your phone shows none.",
    label: "Security code, six digits",
    send: "Confirm and send",
    notMine: "This is not my phone",
    wrong: (left) => `The security code is wrong. ${left} ${left === 1 ? "try" : "tries"} left.`,
  },
  transfer: { title: "Sending. Do not close this window.", lead: "The next step comes when the phone has checked and stored the certificate." },
  done: {
    title: "Stored and checked on the phone.",
    stored: "Stored on the phone.",
    unsigned: "The password has not been checked on the phone yet.",
    fingerprint: (name, short) => `${name} · fingerprint ends in ${short}. Compare it with the phone.`,
    question: "Delete the original?",
    warning: "Once deleted, it cannot be used on this PC.",
    keep: "Keep",
    remove: "Delete original",
    cannot: "The original is still on this PC",
    byHand: "This browser cannot delete files. To delete it, open the folder you chose in the file manager, delete the files below yourself, and empty the recycle bin. It cannot be used on this PC then.",
    finish: "Finish",
    files: "Files to delete",
  },
  result: {
    deleted: "The original was deleted.",
    kept: "The original was kept.",
    partly: "Only a part was deleted. Still there:",
    refused: "Nothing was deleted, because permission was refused. The transfer is complete.",
    recovery: "This does not mean that the files cannot be recovered.",
    another: "Back to start",
  },
  reconnecting: "The connection is lost. Reconnecting…",
  reconnected: "Connected again.",
  back: "Back",
  restart: "Start again",
  stopped: "The transfer was not completed",
  forDesk: (code) => `Code for your IT desk: ${code}`,
  errors: {
    expired_before_join: "The connection timed out.",
    expired: "The connection timed out. The original is untouched. Start again with a new QR.",
    ended: "The phone has closed the connection. The original is untouched.",
    cancelled_by_peer: "The transfer was cancelled on the phone. The original is untouched.",
    refused_by_peer: "The phone could not check the certificate and did not store it. The original is untouched.",
    too_many_wrong_codes: "The security code was wrong three times, so the transfer was stopped. Nothing was sent.",
    relay_lost: "The relay was restarted and has lost the connection. The original is untouched. Start again with a new QR.",
    relay_unreachable: "The relay cannot be reached. The original is untouched. Check the network and start again.",
    relay_busy: "The relay is busy. Start again in a moment.",
    tampered: "The messages were altered on the way, so the transfer was stopped. Try another network.",
    receipt_mismatch: "The phone's receipt does not match what was sent. The original was kept.",
    cancelled: "Cancelled. The original is untouched.",
    wrong_password: "The password is wrong. Check the keyboard language and Caps Lock.",
    key_mismatch: "The private key does not belong to the certificate.",
    key_damaged: "The private key file is damaged.",
    too_many_iterations: "The private key asks for too many rounds of key derivation to be checked.",
    not_six_digits: "Type six digits.",
    offer_too_large: "The certificate files are too large to move.",
    insecure_origin: "A secure connection (https) is needed. Check that the address starts with https; if it does not, tell your IT desk.",
    no_webassembly: "A current Chrome or Edge is needed. This browser cannot run WebAssembly. Update it or tell your IT desk.",
    page_incomplete: "The page did not load completely. Check the network and reload.",
    other: "Something went wrong. The original is untouched. Start again.",
  },
  problems: {
    key_missing: "its private key is missing",
    certificate_missing: "its certificate is missing",
    certificate_unreadable: "not a readable certificate",
    key_unreadable: "not a readable private key",
    key_not_encrypted: "the private key has no password",
    pkcs12_unreadable: "not a readable PKCS#12 file",
    file_too_large: "the file is too large",
    cannot_read: "the file cannot be read",
  },
};

export const texts = { ko, en };

/** Korean unless the browser asks for something else first. */
export function preferred(languages: readonly string[]): Texts {
  const first = languages[0] ?? "ko";
  return first.toLowerCase().startsWith("ko") ? ko : en;
}
