// A call that the contract refuses with its custom error.
import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

export default buildModule("Rude", (module) => {
  const book = module.contract("Guestbook", [8n]);
  module.call(book, "sign", ["far too long"]);
  return { book };
});
