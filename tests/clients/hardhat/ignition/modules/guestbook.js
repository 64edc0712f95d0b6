// Deploy, write, and read back what was written, as Ignition's dependency graph does it.
import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

export default buildModule("Guests", (module) => {
  const book = module.contract("Guestbook", [8n]);
  const signed = module.call(book, "sign", ["hello"]);
  const page = module.readEventArgument(signed, "Signed", "page");
  module.call(book, "sign", ["again"], { id: "again", after: [page] });
  return { book };
});
